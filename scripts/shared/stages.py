"""A stage's settings for commands that ask AWS nothing."""

from pathlib import Path

from release import connect
from release.domain.stage import StageSettings


def project() -> Path:
    """The project folder: the nearest one above the current folder that holds Pulumi.yaml."""
    return connect.folder()


def settings(folder: Path, stage: str) -> StageSettings:
    """The settings of `stage`. Raises UsageError for an unknown stage or a broken file."""
    return connect.connect(lambda event: None, folder).settings(stage)
