"""Joins operations to the real world: the one place that knows both. Commands get their world here."""

from pathlib import Path

from release.adapters import stage_file, world
from release.ports import Tell, World


def folder(start: Path | None = None) -> Path:
    """The project folder at or above `start` (default: the current folder), as pulumi itself looks for it.

    Raises UsageError where there is none.
    """
    return stage_file.find_project(start or Path.cwd())


def connect(tell: Tell, start: Path | None = None) -> World:
    """The world of the project at or above `start` (default: the current folder); progress goes to `tell`.

    Raises UsageError where there is no project.
    """
    return world.find(start or Path.cwd(), tell)
