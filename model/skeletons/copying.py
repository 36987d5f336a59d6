"""A new service's folder: the skeleton of its kind under its own name, with its tests."""

import keyword
import re
from importlib.util import find_spec
from pathlib import Path

from model.contract import ANSWERS
from model.errors import ServiceError
from model.files import write
from model.finding import ROOT

KINDS = tuple(ANSWERS)
"""Those that there is a skeleton of."""
NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_HERE = Path(__file__).parent
_WORDS = "Nothing was written."


def make(name: str, kind: str, into: Path) -> Path:
    """Write the service `name` of that kind into a new folder below `into`; returns the folder.

    Raises ServiceError for a name that cannot be one, and for a folder that is there already.
    """
    if not NAME.fullmatch(name) or keyword.iskeyword(name):
        raise ServiceError(
            f"{name!r} cannot be a service's name: it is the name of a Python package.",
            _WORDS,
            "Use small letters, digits and underscores, a letter first, at most 40.",
        )
    if any(re.search(rf"\b{_class_of(name)}\b", path.read_text()) for path in (_HERE / kind).glob("*.py")):
        raise ServiceError(
            f"{name!r} cannot be a service's name: its class {_class_of(name)} would hide another.",
            _WORDS,
            "Give the service another name.",
        )
    folder = into / name
    if folder.exists():
        raise ServiceError(f"{folder} is there already.", _WORDS, "Give it another name, or delete it first.")
    if not folder.resolve().is_relative_to(ROOT) and find_spec(name) is not None:
        raise ServiceError(
            f"There is another Python package {name!r}, which would be found first.",
            _WORDS,
            "Give the service another name.",
        )
    for source in (*sorted((_HERE / kind).glob("*.py")), _HERE / "test_service.py"):
        write(folder / source.name, _renamed(source.read_text(encoding="utf-8"), name).encode())
    return folder


def _renamed(text: str, name: str) -> str:
    return text.replace("Skeleton", _class_of(name)).replace("skeleton", name)


def _class_of(name: str) -> str:
    return "".join(word.capitalize() for word in name.split("_"))
