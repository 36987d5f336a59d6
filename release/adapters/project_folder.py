"""Which folder is the project. Loads nothing else: commands that ask no stage anything need no more."""

from pathlib import Path

from release.domain.errors import UsageError


def find_project(start: Path) -> Path:
    """The nearest folder at or above `start` that holds Pulumi.yaml, as pulumi itself looks for it.

    Raises UsageError where there is none.
    """
    for folder in (start, *start.parents):
        if (folder / "Pulumi.yaml").is_file():
            return folder
    raise UsageError(
        f"No Pulumi.yaml in {start} or above it.",
        "Without it there is no project, so nothing was read or changed.",
        "Run the command in the repository, or in a project folder made from it.",
    )
