"""The formats of `./slipway export`: folders here that hold an `export.py`, each loaded when asked for."""

import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol, cast

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
