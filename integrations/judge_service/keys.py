"""Whose rollout evidence and questions are about. Pure."""

import re
from typing import NamedTuple

_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")
_CHECKSUM = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.]{0,127}")


class BadKey(ValueError):
    """It names no rollout; says which part is wrong."""


class Name(NamedTuple):
    """What is rolled out again and again: a Rollout of Argo's, a Canary of Flagger's."""

    namespace: str
    name: str


class Key(NamedTuple):
    """One rollout of it; `checksum` is Flagger's, and Argo's hash of the candidate's pod template."""

    of: Name
    checksum: str


def name_of(namespace: object, name: object) -> Name:
    """The name. Raises BadKey."""
    return Name(_checked(namespace, "namespace", _LABEL), _checked(name, "name", _NAME))


def key_of(namespace: object, name: object, checksum: object) -> Key:
    """The key. Raises BadKey."""
    return Key(name_of(namespace, name), _checked(checksum, "checksum", _CHECKSUM))


def _checked(value: object, part: str, pattern: re.Pattern[str]) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise BadKey(f"`{part}` is none: {str(value)[:80]!r}")
    return value
