"""The stages of a project as their files say, for whoever has to know all of them. Reads files only."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from release.domain import stage, stages
from release.domain.errors import UsageError
from release.domain.stage import StageSettings


@dataclass(frozen=True)
class Project:
    """All stages of a project in their order, each with its settings."""

    stages: tuple[StageSettings, ...]

    def of(self, account: str) -> tuple[StageSettings, ...]:
        """The stages in an account, in their order."""
        return tuple(found for found in self.stages if found.account == account)


def project_at(folder: Path) -> Project:
    """The project in `folder`. Raises UsageError for a file that is missing or wrong."""
    files = sorted(path.name.split(".")[1] for path in folder.glob("Pulumi.*.yaml"))
    listed = stages.parse(_read(folder / "Pulumi.yaml"), files)
    configs = {name: _read(folder / f"Pulumi.{name}.yaml").get("config") or {} for name in listed.names}
    return Project(tuple(stage.parse(name, config) for name, config in configs.items()))


def _read(path: Path) -> dict[str, Any]:
    try:
        found = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, YAMLError) as error:
        raise UsageError(
            f"{path} cannot be read: {' '.join(str(error).split())}",
            "Without it nobody knows the stages, so no role was made or changed.",
            "Correct that file, or slipway-ci:project, the folder with the stages' files.",
        ) from None
    return found or {}
