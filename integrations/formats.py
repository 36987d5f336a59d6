"""The formats of `./slipway export`: folders here that hold an `export.py`, each loaded when asked for."""

import importlib
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Protocol, cast

from release.domain.errors import UsageError
from release.domain.exported import Exported

FOLDER = Path(__file__).parent


class Format(Protocol):
    """What the module `integrations.NAME.export` is."""

    def files(self, exported: Exported) -> Mapping[str, str]:
        """The stage's files, text by relative path. Raises UsageError for what the system would not take."""


def formats() -> tuple[str, ...]:
    """The names of all formats: a folder's, with `-` for `_`."""
    return tuple(sorted(file.parent.name.replace("_", "-") for file in FOLDER.glob("*/export.py")))


def files_of(name: str, exported: Exported) -> dict[str, str]:
    """A stage's files in one format, by relative path. Raises UsageError as the format does."""
    module = cast(Format, importlib.import_module(f"integrations.{name.replace('-', '_')}.export"))
    return dict(module.files(exported))


def files_of_each(
    names: Iterable[str], exported: Exported, needed: Collection[str]
) -> tuple[dict[str, dict[str, str]], dict[str, UsageError]]:
    """A stage's files by format, and the formats that take none of them, each with why.

    Not every system runs every release. Raises UsageError where a `needed` format refuses, or all do.
    """
    made, refused = {}, {}
    for name in names:
        try:
            made[name] = files_of(name, exported)
        except UsageError as error:
            if name in needed:
                raise
            refused[name] = error
    if refused and not made:
        raise next(iter(refused.values()))
    return made, refused
