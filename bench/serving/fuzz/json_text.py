"""JSON that no library writes: keys given twice, numbers out of range, depth, half characters. Pure."""

import json
from random import Random
from typing import Any

from bench.serving.fuzz.draft import CANARY


class Raw(str):
    """Text that is put into JSON as it is. Half a surrogate pair from \\udc80 on is one byte."""


class Pairs(list[tuple[str, Any]]):
    """An object that can have a key twice."""


_DEEP = tuple(
    Raw(opened * depth + closed * depth)
    for opened, closed in (("[", "]"), ('{"a":', "}"))
    for depth in (60, 2000, 100_000)
)
_WORDS = r"""
null true false {} [] "" 0 -0 -0.0 1e5 1E-400 1e400 -1e400 NaN Infinity -Infinity nan inf 01 +1 .5 1. 1e 0x10
1_000 --1 3.4028235e38 3.4028236e38 1e39 -1e39 1e308 5e-324 18446744073709551616 9007199254740993
-9223372036854775809 "\ud800" "\udc00" "\ud800\ud800" "\u0000" "\x41" "\u202e" [1] [[1]] {"a":1} {"a":1,"a":2}
[null,null] ["x",1,{}] 'x' // , "
"""
STRANGE: tuple[Raw, ...] = (
    *map(Raw, _WORDS.split()),
    *map(Raw, ("", '"\t"', '"\x00"', '"\udcff"', '"\udcc3"', '"😀"', f'"{CANARY}"', f'"{CANARY * 400}"')),
    *map(Raw, ("9" * 400, "1" + "0" * 5000, "0." + "0" * 5000 + "1")),
    *_DEEP,
)
_KEYS = (
    "",
    "a",
    "instances",
    "inputs",
    "dataframe_split",
    "params",
    "parameters",
    "__proto__",
    "\x00",
    "é" * 90,
)


def dumps(value: Any) -> bytes:
    """`value` as JSON, with Raw, Pairs and everything else as it is."""
    return _text(value).encode("utf-8", "surrogateescape")


def strange(chance: Random, value: Any) -> Any:
    """`value` with one thing changed somewhere in it."""
    if isinstance(value, dict):
        value = Pairs(value.items())
    if isinstance(value, list) and value and chance.random() < 0.75:
        at = chance.randrange(len(value))
        changed = type(value)(value)
        if isinstance(value, Pairs):
            name, inner = value[at]
            changed[at] = (name, strange(chance, inner))
        else:
            changed[at] = strange(chance, value[at])
        return changed
    return _changed(chance, value)


def _changed(chance: Random, value: Any) -> Any:
    match value:
        case Pairs():
            return _changed_object(chance, value)
        case list():
            return _changed_list(chance, value)
        case _:
            return chance.choice(STRANGE)


def _changed_object(chance: Random, value: Pairs) -> Any:
    changed = Pairs(value)
    at = chance.randrange(len(value)) if value else 0
    match chance.randrange(7):
        case 0 if value:
            del changed[at]
        case 1 if value:
            changed.append(changed[at])
        case 2 if value:
            changed[at] = (_other_key(chance, changed[at][0]), changed[at][1])
        case 3:
            changed.insert(at, (chance.choice(_KEYS), chance.choice(STRANGE)))
        case 4:
            return [value]
        case 5:
            chance.shuffle(changed)
        case _:
            return chance.choice(STRANGE)
    return changed


def _changed_list(chance: Random, value: list[Any]) -> Any:
    at = chance.randrange(len(value)) if value else 0
    match chance.randrange(6):
        case 0 if value:
            return value[:at] + value[at + 1 :]
        case 1 if value:
            return [*value, value[at]]
        case 2:
            return [*value[:at], chance.choice(STRANGE), *value[at:]]
        case 3:
            return [value] if chance.random() < 0.5 else []
        case 4:
            return value * chance.choice((2, 3, 100 if len(value) < 40 else 2))
        case _:
            return chance.choice(STRANGE)


def _other_key(chance: Random, key: str) -> str:
    return chance.choice((key.upper(), key + " ", key[:-1], key + key, key + "\x00", *_KEYS))


def _text(value: Any) -> str:
    match value:
        case Raw():
            return value
        case Pairs():
            return "{" + ",".join(f"{json.dumps(name)}:{_text(inner)}" for name, inner in value) + "}"
        case dict():
            return "{" + ",".join(f"{json.dumps(name)}:{_text(inner)}" for name, inner in value.items()) + "}"
        case list():
            return "[" + ",".join(map(_text, value)) + "]"
        case _:
            return json.dumps(value)
