"""Joins operations to the real world: the one place that knows both. Commands get their world here.

What reaches AWS is loaded by whoever asks for it: half a second that other commands need not wait.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from release.adapters.project_folder import find_project
from release.adapters.recordings import open_policy, open_windows
from release.domain.errors import SlipwayError

if TYPE_CHECKING:
    from release.jobs import Site
    from release.ports import Tell, World

__all__ = ["connect", "explained", "folder", "open_policy", "open_windows", "site"]


def folder(start: Path | None = None) -> Path:
    """The project folder at or above `start` (default: the current folder), as pulumi itself looks for it.

    Raises UsageError where there is none.
    """
    return find_project(start or Path.cwd())


def connect(tell: "Tell", start: Path | None = None, commits: bool = True) -> "World":
    """The world of the project at or above `start` (default: the current folder); progress goes to `tell`.

    Without `commits` what changes in a stage's file is left for whoever runs it to commit. Raises UsageError
    where there is no project.
    """
    from release.adapters import world

    return world.find(start or Path.cwd(), tell, commits)


def site(tell: "Tell", stage: str | None = None) -> "Site":
    """A stage of the project at or above the current folder (default: the first one) as a place to train in.

    Raises UsageError where there is no project or no such stage.
    """
    from release.adapters import world

    project = world.find(Path.cwd(), tell)
    return project.site(stage or project.stages.names[0])


def explained(error: Exception) -> SlipwayError | None:
    """An error of a library behind the ports, with its consequence and next step; None for a stranger's."""
    from release.adapters import aws

    return aws.explained(error)
