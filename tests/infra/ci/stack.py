"""A CI stack by the real engine: the program of the repository, in a project folder of its own."""

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ruamel.yaml import YAML

from tests.conftest import ROOT
from tests.infra import engine
from tests.infra.ci.examples import REPOSITORY


@dataclass(frozen=True)
class CiStack:
    """The stack `main`. `env` leads to an AWS and to a place for Pulumi's state."""

    folder: Path
    env: Mapping[str, str]

    def pulumi(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return engine.pulumi(self.folder, self.env, "main", *arguments)

    def must(self, *arguments: str) -> str:
        """A command that must succeed."""
        done = self.pulumi(*arguments)
        assert done.returncode == 0, done.stdout
        return done.stdout

    def set(self, **keys: str) -> None:
        """Change keys of `slipway-ci` in the stack's file."""
        yaml, file = YAML(), self.folder / "Pulumi.main.yaml"
        document = yaml.load(file)
        document["config"].update({f"slipway-ci:{key}": value for key, value in keys.items()})
        yaml.dump(document, file)


def ci_stack(folder: Path, env: Mapping[str, str], stages: Path = ROOT) -> CiStack:
    """Make a project folder with the repository's own stack file, for the stages in `stages`."""
    folder.mkdir(parents=True)
    yaml = YAML()
    for name in ("Pulumi.yaml", "Pulumi.main.yaml"):
        document = yaml.load(ROOT / "infra/ci" / name)
        if name == "Pulumi.yaml":
            document["main"] = str(ROOT / "infra/ci")
            document["runtime"]["options"]["virtualenv"] = str(ROOT / ".venv")
        yaml.dump(document, folder / name)
    found = CiStack(folder, env)
    found.set(repository=REPOSITORY, **({} if stages == ROOT else {"project": str(stages)}))
    engine.make_stack(folder, env, "main")
    return found
