"""How the members of a request are said to be treated; values alone, see `members`."""

from collections.abc import Mapping
from typing import Any, Literal

Kind = Literal["served", "kept", "refused"]

Members = Mapping[str, Kind]
"""By member, `.` between levels; what is said of a structure holds for all that is in it."""

Values = Mapping[str, frozenset[Any]]
"""By member, the only values that are taken of it."""


def every(kind: Kind, *members: str) -> dict[str, Kind]:
    """The same kind for all of these members."""
    return dict.fromkeys(members, kind)


def inside(member: str, told: Mapping[str, Any]) -> dict[str, Any]:
    """What is told of a structure's members, as of the structure `member`."""
    return {f"{member}.{name}": value for name, value in told.items()}
