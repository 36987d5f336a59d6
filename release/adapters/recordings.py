"""Recorded windows and policies in files of a user's own, opened to be read."""

from pathlib import Path
from typing import TextIO

from release.domain.errors import UsageError


def open_policy(path: Path) -> TextIO:
    """A policy's text. Raises UsageError where the file cannot be opened."""
    return _opened(path, "policy", "strict")


def open_windows(path: Path | None) -> TextIO:
    """Windows, one a line; bytes that are no text become one that no window holds. Raises UsageError."""
    if path is None:
        raise UsageError(
            "There is nothing to judge: --windows FILE.jsonl is missing.",
            "No verdict was given.",
            "Name recorded windows (docs/telemetry.md has their schema), or use ./slipway judge estimate.",
        )
    return _opened(path, "windows", "replace")


def _opened(path: Path, what: str, errors: str) -> TextIO:
    try:
        return path.open(encoding="utf-8", errors=errors)
    except OSError as error:
        raise UsageError(
            f"The {what} cannot be read: {error}", "No verdict was given.", "Name another file."
        ) from None
