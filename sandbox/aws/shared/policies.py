"""IAM policies of the sandbox's callers, by their access key. Who has none may do everything. Thread-safe.

A call is refused where a permission that it needs (`permissions.py`) is denied, or allowed by no statement.
Statements are matched by action and resource; a `Condition` is taken to hold, and principals, boundaries and
resource policies are not looked at ("Policy evaluation logic" in IAM's user guide has them all).
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from threading import Lock
from typing import Any

from sandbox.aws.shared.errors import BadRequest
from sandbox.aws.shared.permissions import Permission
from sandbox.core.asgi import Scope, header
from sandbox.core.settings import ACCOUNT

Document = Mapping[str, Any]
"""A policy's JSON."""

_CREDENTIAL = re.compile(r"Credential=(?P<key>[^/,\s]+)/")
_DENIED = (
    "User: arn:aws:iam::{account}:user/{key} is not authorized to perform: {action} on resource: {resource} "
    "because no identity-based policy allows the {action} action"
)
_PLAIN = {"s3", "iam", "sts", "sns", "cloudwatch"}
"""Services whose code is `AccessDenied`; all others say `AccessDeniedException`."""


class Policies:
    """The policies that hold now."""

    def __init__(self) -> None:
        self._documents: dict[str, tuple[Document, ...]] = {}
        self._lock = Lock()

    def set(self, key: str, documents: Sequence[Document]) -> None:
        """Callers with this access key have these policies from now on. Raises ValueError for no policy."""
        for document in documents:
            list(_statements(document))
        with self._lock:
            self._documents[key] = tuple(documents)

    def clear(self) -> None:
        """Everybody may do everything again."""
        with self._lock:
            self._documents.clear()

    def check(self, scope: Scope, service: str, permissions: Iterable[Permission]) -> None:
        """Raise BadRequest, in AWS's words, where the caller of this request lacks a permission."""
        found = _CREDENTIAL.search(header(scope, b"authorization"))
        key = found["key"] if found else ""
        with self._lock:
            documents = self._documents.get(key)
        if documents is None:
            return
        for action, resource in sorted(permissions):
            if not allows(documents, action, resource):
                code = "AccessDenied" if service in _PLAIN else "AccessDeniedException"
                message = _DENIED.format(account=ACCOUNT, key=key, action=action, resource=resource)
                raise BadRequest(code, message, 403 if service in _PLAIN else 400)


def allows(documents: Iterable[Document], action: str, resource: str) -> bool:
    """Whether these policies together allow an action on a resource."""
    effects = {
        effect
        for document in documents
        for effect, actions, resources in _statements(document)
        if any(_fits(one, action) for one in actions) and any(_fits(one, resource) for one in resources)
    }
    return effects == {"Allow"}


def _statements(document: Document) -> Iterator[tuple[str, list[str], list[str]]]:
    """Effect, actions and resources of each statement."""
    try:
        listed = document["Statement"]
        for statement in [listed] if isinstance(listed, Mapping) else listed:
            actions, resources = (_listed(statement[key]) for key in ("Action", "Resource"))
            yield str(statement["Effect"]), actions, resources
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
