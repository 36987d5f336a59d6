"""What is wrong with the SeldonDeployment on stdin, by the types of Seldon's own client; JSON in, JSON out.

Run in an environment of its own. The client reads what it knows and says nothing of the rest, so its types
are compared here: a field that a type does not have, and a value that is of another one.
"""

import json
import re
import sys
from collections.abc import Iterator
from typing import Any

from seldon_deploy_sdk import models  # ty: ignore[import-not-found]

_PLAIN: dict[str, type | tuple[type, ...]] = {"str": str, "int": int, "bool": bool, "float": (int, float)}
_MANY = re.compile(r"(list|dict)[\[(](?:str, )?(.*)[\])]")


def faults(value: Any, named: str, path: str = "$") -> Iterator[str]:
    """What does not fit the type of this name."""
    many = _MANY.fullmatch(named)
    if many:
        wanted = {"list": list, "dict": dict}[many[1]]
        if not isinstance(value, wanted):
            yield f"{path}: {value!r} is no {named}"
            return
        for key, each in value.items() if many[1] == "dict" else enumerate(value):
            yield from faults(each, many[2], f"{path}[{key}]")
        return
    if named in _PLAIN:
        right = isinstance(value, _PLAIN[named]) and (named == "bool" or not isinstance(value, bool))
        if not right:
            yield f"{path}: {value!r} is no {named}"
        return
    yield from _fields(value, named, path)


def _fields(value: Any, named: str, path: str) -> Iterator[str]:
    known = getattr(models, named)
    if not known.swagger_types:
        return  # the client says nothing of enumerations, quantities and what is a number or a text
    if not isinstance(value, dict):
        yield f"{path}: {value!r} is no {named}"
        return
    types = {known.attribute_map[own]: each for own, each in known.swagger_types.items()}
    for name, each in value.items():
        if name not in types:
            yield f"{path}: {named} has no {name}"
        else:
            yield from faults(each, types[name], f"{path}.{name}")


print(json.dumps([*faults(json.load(sys.stdin), "SeldonDeployment")]))
