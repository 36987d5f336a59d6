"""What is wrong with one key of the data, in words: a key that there is not names those that there are.

Pure: from the models of the data alone.
"""

import difflib
from collections.abc import Mapping, Sequence
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel

MOST = 3
"""Keys that are named as near; without a near one all are named."""


def wrong(kind: type[BaseModel], detail: Mapping[str, Any], hidden: Sequence[str] = ()) -> str:
    """What one of pydantic's errors on a `kind` says, of an unknown key with the valid ones near it.

    `hidden` are fields at the top that nobody writes as such a key.
    """
    if detail["type"] != "extra_forbidden":
        return str(detail["msg"])
    *path, key = detail["loc"]
    keys = [name for name in known(kind, path) if path or name not in hidden]
    near = closest(str(key), keys)
    if near:
        return f"there is no such key; near it: {', '.join(near)}"
    return f"there is no such key; there are: {', '.join(keys)}"


def closest(key: str, keys: Sequence[str]) -> list[str]:
    """Those of `keys` that somebody who wrote `key` may have meant, the nearest first."""
    plain = {name.lower().replace("_", "").replace("-", ""): name for name in keys}
    found = difflib.get_close_matches(key.lower().replace("_", "").replace("-", ""), plain, MOST, 0.6)
    return [plain[name] for name in found]


def known(kind: type[BaseModel], path: Sequence[str | int]) -> list[str]:
    """The keys of what lies at `path` in data of a `kind`; none where that is no mapping of fixed keys."""
    here: Any = kind
    for part in path:
        here = _inner(here, part)
    return list(here.model_fields) if _is_model(here) else []


def _inner(kind: Any, part: str | int) -> Any:
    """The type of the value at `part` in a value of a type."""
    if _is_model(kind):
        found = kind.model_fields.get(part)
        return _bare(found.annotation) if found else None
    arguments = get_args(kind)
    if get_origin(kind) is dict:
        return _bare(arguments[1])
    return _bare(arguments[0]) if get_origin(kind) is tuple else None


def _bare(kind: Any) -> Any:
    """A type without its constraints, and without None."""
    while get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    if get_origin(kind) in (Union, UnionType):
        kinds = [one for one in get_args(kind) if one is not NoneType]
        return _bare(kinds[0]) if len(kinds) == 1 else None
    return kind


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)
