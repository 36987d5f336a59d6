"""Whether the policy of a queue or a topic lets a service send to it for one of its rules. Pure.

A statement holds where its conditions do: those on `aws:SourceArn` and `aws:SourceAccount`, which a service
fills in. One with any other condition, which the sandbox cannot tell, lets nobody in.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

_OPERATORS: Mapping[str, Callable[[str, str], bool]] = {
    "StringEquals": lambda value, wanted: value == wanted,
    "StringLike": lambda value, wanted: _like(value, wanted),
    "ArnEquals": lambda value, wanted: _like(value, wanted),
    "ArnLike": lambda value, wanted: _like(value, wanted),
}


def lets_in(policy: Mapping[str, Any], service: str, action: str, resource: str, source: str) -> bool:
    """Whether `service` may do `action` on `resource` for the thing whose ARN is `source`."""
    account = source.split(":")[4] if source.count(":") >= 4 else ""
    filled = {"aws:sourcearn": source, "aws:sourceaccount": account}
    effects = {
        str(statement.get("Effect"))
        for statement in _statements(policy)
        if _is_of(statement.get("Principal"), service)
        and any(_like(action.lower(), one.lower()) for one in _listed(statement.get("Action")))
        and any(_like(resource, one) for one in _listed(statement.get("Resource")))
        and _holds(statement.get("Condition") or {}, filled)
    }
    return effects == {"Allow"}


def _statements(policy: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    listed = policy.get("Statement") or []
    yield from [listed] if isinstance(listed, Mapping) else listed


def _is_of(principal: Any, service: str) -> bool:
    if isinstance(principal, Mapping):
        return service in _listed(principal.get("Service")) or "*" in _listed(principal.get("AWS"))
    return principal == "*"


def _holds(conditions: Mapping[str, Any], filled: Mapping[str, str]) -> bool:
    for name, keys in conditions.items():
        test = _OPERATORS.get(name)
        for key, wanted in keys.items():
            value = filled.get(key.lower())
            if test is None or value is None or not any(test(value, one) for one in _listed(wanted)):
                return False
    return True


def _listed(value: Any) -> list[str]:
    if value is None:
        return []
    return [value] if isinstance(value, str) else list(value)


def _like(value: str, pattern: str) -> bool:
    return re.fullmatch(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."), value) is not None
