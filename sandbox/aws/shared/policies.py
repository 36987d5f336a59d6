"""IAM policies: what they allow, and those of the sandbox's callers, by their access key. Thread-safe.

A caller without policies may do everything. A call of another is refused where a permission that it needs
(`permissions.py`) is denied, or allowed by no statement. Statements are matched by action and resource; a
`Condition` is taken to hold, and resource policies are not looked at ("Policy evaluation logic" in IAM's user
guide has them all). What roles may do is in `iam/roles.py`.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from threading import Lock
from typing import Any, NamedTuple

from sandbox.aws.shared.errors import BadRequest
from sandbox.aws.shared.permissions import Permission
from sandbox.core.asgi import Scope, header
from sandbox.core.settings import ACCOUNT

Document = Mapping[str, Any]
"""A policy's JSON."""


class _Statement(NamedTuple):
    """A statement's effect, and what it is about: actions and resources, or all but these."""

    effect: str
    actions: list[str]
    but_actions: bool
    resources: list[str]
    but_resources: bool

    def fits(self, action: str, resource: str) -> bool:
        of_action = any(_fits(one, action) for one in self.actions) != self.but_actions
        return of_action and any(_fits(one, resource) for one in self.resources) != self.but_resources


_CREDENTIAL = re.compile(r"Credential=(?P<key>[^/,\s]+)/")
_DENIED = (
    "User: {user} is not authorized to perform: {action} on resource: {resource} "
    "because no identity-based policy allows the {action} action"
)
_PLAIN = {"s3", "iam", "sts", "sns", "cloudwatch"}
"""Services whose code is `AccessDenied`; all others say `AccessDeniedException`."""


class Policies:
    """The policies that hold now."""

    def __init__(self) -> None:
        self._documents: dict[str, tuple[Document, ...]] = {}
        self._users: dict[str, str] = {}
        self._lock = Lock()

    def set(self, key: str, documents: Sequence[Document], user: str = "") -> None:
        """Callers with this access key have these policies from now on. Raises ValueError for no policy.

        `user` is their ARN; without one they are a user of the key's name.
        """
        for document in documents:
            list(_statements(document))
        with self._lock:
            self._documents[key] = tuple(documents)
            self._users[key] = user or f"arn:aws:iam::{ACCOUNT}:user/{key}"

    def clear(self) -> None:
        """Everybody may do everything again."""
        with self._lock:
            self._documents.clear()
            self._users.clear()

    def check(self, scope: Scope, service: str, permissions: Iterable[Permission]) -> None:
        """Raise BadRequest, in AWS's words, where the caller of this request lacks a permission."""
        found = _CREDENTIAL.search(header(scope, b"authorization"))
        key = found["key"] if found else ""
        with self._lock:
            documents, user = self._documents.get(key), self._users.get(key, "")
        if documents is None:
            return
        for action, resource in sorted(permissions):
            if not allows(documents, action, resource):
                code = "AccessDenied" if service in _PLAIN else "AccessDeniedException"
                named = f'"{resource}"' if action.startswith("s3:") else resource
                message = _DENIED.format(user=user, action=action, resource=named)
                raise BadRequest(code, message, 403 if service in _PLAIN else 400)


def allows(documents: Iterable[Document], action: str, resource: str) -> bool:
    """Whether these policies together allow an action on a resource."""
    statements = (statement for document in documents for statement in _statements(document))
    return {one.effect for one in statements if one.fits(action, resource)} == {"Allow"}


def _statements(document: Document) -> Iterator[_Statement]:
    try:
        listed = document["Statement"]
        for statement in [listed] if isinstance(listed, Mapping) else listed:
            but_actions, but_resources = "NotAction" in statement, "NotResource" in statement
            actions = _listed(statement["NotAction" if but_actions else "Action"])
            resources = _listed(statement["NotResource" if but_resources else "Resource"])
            yield _Statement(str(statement["Effect"]), actions, but_actions, resources, but_resources)
    except (KeyError, TypeError) as error:
        raise ValueError(f"not a policy of statements with Effect, Action and Resource: {error!r}") from None


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def _fits(pattern: str, value: str) -> bool:
    return _compiled(pattern).fullmatch(value) is not None


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> re.Pattern[str]:
    """A pattern of IAM's: `*` for any characters, `?` for one."""
    return re.compile(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."), re.IGNORECASE)
