"""From a stage's name to its settings and AWS account: what every command does first."""

from pathlib import Path

from release.adapters import stage_file
from release.adapters.aws import StageAws
from release.domain import stage as stage_settings
from release.domain.errors import UsageError
from release.domain.stage import StageSettings
from release.rollout import Target
from scripts.shared.cli import Out


def project() -> Path:
    """The project folder: the nearest one above the current folder that holds Pulumi.yaml."""
    return stage_file.find_project(Path.cwd())


def settings(folder: Path, stage: str) -> StageSettings:
    """The settings of `stage`. Raises UsageError for an unknown stage or a broken file."""
    return stage_settings.parse(stage, stage_file.read_config(stage_file.path_of(folder, stage)))


def aws(found: StageSettings) -> StageAws:
    """The stage's AWS account, checked: raises UsageError when the credentials are another's."""
    access = StageAws(found.stage, found.account, found.region, found.profile)
    access.check_account()
    return access


def target(folder: Path, found: StageSettings, endpoint: str, out: Out) -> Target:
    """One endpoint of a stage. Raises UsageError when the stage's data has no such endpoint."""
    if endpoint not in found.endpoints:
        known = ", ".join(found.endpoints) or "none"
        raise UsageError(
            f"Stage {found.stage} has no endpoint {endpoint!r}; it has: {known}.",
            "Nothing was changed.",
            f"Name one with --endpoint, or add it to Pulumi.{found.stage}.yaml.",
        )
    return Target(folder, endpoint, aws(found), out.step, out.note)
