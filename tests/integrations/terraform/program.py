"""The module of `integrations/terraform/` in a real terraform or OpenTofu, without a network."""

import json
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from integrations.terraform.export import ROOTS
from tests.conftest import ROOT
from tests.sandbox.clients.terraform_cli import find

MODULE = ROOT / "integrations" / "terraform"
NO_ACCOUNT = """
provider "aws" {
  region                      = "us-east-1"
  access_key                  = "none"
  secret_key                  = "none"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true
}
"""
"""A provider that asks nobody, for plans of what is not there yet."""
PATIENCE = 300.0


class Module:
    """Commands in a stage's root module, beside a copy of the module, with a state of its own.

    `root` is the folder of the root module, by that of the stage's export.
    """

    def __init__(self, folder: Path, env: Mapping[str, str], root: str = ".", program: str = "") -> None:
        self._terraform, mirror = find(program)
        copied = folder / "terraform"
        shutil.copytree(MODULE, copied, ignore=shutil.ignore_patterns(".terraform", "stages"))
        self._stage = copied / "stages" / "prod"
        shutil.copytree(ROOTS, self._stage)
        self.folder = self._stage / root
        self._env = {**env, "TF_IN_AUTOMATION": "1", "CHECKPOINT_DISABLE": "1"}
        self.run("init", f"-plugin-dir={mirror}", "-input=false")

    def take(self, exported: Path) -> None:
        """Have the files that an export wrote into a folder."""
        shutil.copytree(exported, self._stage, dirs_exist_ok=True)

    def plan(self, exported: Path, **variables: str) -> dict[str, str]:
        """What `apply` would do with an export: action by resource, without those that stay."""
        self.take(exported)
        given = (f"-var={name}={value}" for name, value in variables.items())
        said = self.run("plan", "-json", "-out=plan", *given)
        lines = [json.loads(line) for line in said.splitlines()]
        changes = [line["change"] for line in lines if line["type"] == "planned_change"]
        return {change["resource"]["addr"]: change["action"] for change in changes}

    def apply(self) -> list[tuple[str, str]]:
        """Do what was planned; returns action and resource in the order in which they ended."""
        lines = [json.loads(line) for line in self.run("apply", "-json", "plan").splitlines()]
        hooks = [line["hook"] for line in lines if line["type"] == "apply_complete"]
        return [(hook["action"], hook["resource"]["addr"]) for hook in hooks]

    def run(self, *arguments: str, status: int = 0) -> str:
        """Run the program; returns all that it printed. Raises AssertionError at another status."""
        done = subprocess.run(
            [self._terraform, *arguments],
            cwd=self.folder,
            env=self._env,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        said = f"{' '.join(done.args)} ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
        assert done.returncode == status, said
        return done.stdout if status == 0 else done.stdout + done.stderr
