"""A runner of the workflows on this machine: `act` on the host, a bare Git remote, and the sandbox as AWS.

The workflow files are run as they are in the remote. Four actions of others are stood in for, as there is no
GitHub: checkout clones the remote; setup-python takes the Python that is there; cache and the role are
`standins.py`. Nobody is asked for an environment's approval: `act` knows no environments.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sandbox.testing import SandboxHandle
from scripts.checks.workflows import read
from tests.conftest import ROOT
from tests.end_to_end.standins import NEEDED

PATIENCE = 1_500.0
ACCOUNT, REGION = "123456789012", "us-east-1"
BRANCH, REPOSITORY = "main", "octo-org/flights"
IMAGE = "ubuntu-24.04"
STANDINS: Mapping[str, str] = {
    "actions/checkout": 'git clone --quiet --branch {branch} "{remote}" .',
    "actions/setup-python": "true",
    "actions/cache": "{python} {root}/tests/end_to_end/standins.py environment",
    "aws-actions/configure-aws-credentials": (
        'AWS_REGION="$REGION" {python} {root}/tests/end_to_end/standins.py role "$ROLE" "{notes}"'
    ),
}
"""Actions of others, and the command that stands in for each."""
INPUTS = (
    "path",
    "key",
    "python-version",
    "ref",
    "fetch-depth",
    "persist-credentials",
    "aws-region",
    "role-duration-seconds",
)


@dataclass(frozen=True)
class Ran:
    """How a run ended: what it printed, and for each job, as `act` calls it, whether it succeeded."""

    text: str
    jobs: Mapping[str, bool]


@dataclass(frozen=True)
class Runner:
    """Runs the workflows of `checkout`, somebody's clone of the bare repository `remote`."""

    checkout: Path
    remote: Path
    folder: Path
    """Of its own."""
    sandbox: SandboxHandle
    needed: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    """What the jobs called in AWS: for each role's ARN, resources by IAM's action."""
    lines: list[str] = field(default_factory=list)
    """Every line that ran."""

    def run(self, event: str, workflow: str, head: str = REPOSITORY, **inputs: str) -> Ran:
        """Run what a workflow does at an event: by button with these inputs, for a pull request of `head`, or
        when somebody sends it an event as `payload`."""
        told = self.folder / "event.json"
        told.write_text(json.dumps({"pull_request": {"number": 1, "head": {"repo": {"full_name": head}}}}))
        command = [_act(), event, "--workflows", f".github/workflows/{workflow}", *self._options()]
        if event == "repository_dispatch":
            told.write_text(json.dumps({"client_payload": {"event": json.loads(inputs.pop("payload"))}}))
        command += [f"--eventpath={told}"] if event != "workflow_dispatch" else []
        command += ["--actor=somebody", *(f"--input={name}={value}" for name, value in inputs.items())]
        (self.folder / NEEDED).unlink(missing_ok=True)
        self.sandbox.reset_calls()
        # Its keys are those of the roles that it assumes.
        env = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PULUMI_"))}
        caches = {"XDG_CACHE_HOME": str(self.folder / "cache"), "UV_CACHE_DIR": _uv_cache()}
        done = subprocess.run(
            command,
            cwd=self.checkout,
            env=env | caches | {"PATH": self.sandbox.env["PATH"]},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        self._remember()
        self.lines.extend(re.findall(r"⭐ Run Main (.*)$", done.stdout, re.M))
        ended = re.findall(r"^\[(\S+)\s*\]\s+🏁  Job (succeeded|failed)$", done.stdout, re.M)
        return Ran(done.stdout, {job: how == "succeeded" for job, how in ended})

    def _remember(self) -> None:
        """Each role needed what was called from the moment when it was assumed until the next one was."""
        file = self.folder / NEEDED
        lines = [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
        calls = [*(called for _, called in lines[1:]), self.sandbox.permissions()]
        for (arn, _), called in zip(lines, calls, strict=False):
            known = self.needed.setdefault(arn, {})
            for action, resources in called.items():
                known[action] = sorted({*known.get(action, []), *resources})

    def _options(self) -> list[str]:
        told = {
            name: value for name, value in self.sandbox.env.items() if name.startswith(("AWS_E", "PULUMI_"))
        }
        told |= {"PATH": self.sandbox.env["PATH"], "GITHUB_REPOSITORY": REPOSITORY}
        known = {"AWS_ACCOUNT": ACCOUNT, "AWS_REGION": REGION}
        known |= {"PULUMI_BACKEND_URL": told.pop("PULUMI_BACKEND_URL")}
        return [
            f"--platform={IMAGE}=-self-hosted",
            "--action-offline-mode",
            "--use-new-action-cache",
            *(f"--env={name}={value}" for name, value in told.items()),
            *(f"--var={name}={value}" for name, value in known.items()),
            *(f"--local-repository={action}={folder}" for action, folder in self._standins().items()),
        ]

    def _standins(self) -> dict[str, Path]:
        """The folder of what stands in for each action, by the action as the workflows name it."""
        texts = "\n".join((ROOT / name).read_text() for name in read(ROOT))
        found = {}
        for action in set(re.findall(r"uses: ([\w/-]+@\S+)", texts)):
            name = action.partition("@")[0]
            folder = self.folder / "actions" / name.rpartition("/")[2]
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "action.yml").write_text(json.dumps(self._standin(STANDINS[name])))
            found[action] = folder
        return found

    def _standin(self, line: str) -> dict[str, Any]:
        values = {"root": ROOT, "python": sys.executable, "notes": self.folder, "remote": self.remote}
        step = {
            "shell": "bash",
            "env": {"ROLE": "${{ inputs.role-to-assume }}", "REGION": "${{ inputs.aws-region }}"},
            "run": line.format(branch=BRANCH, **values),
        }
        inputs = {name: {"default": ""} for name in (*INPUTS, "role-to-assume")}
        return {
            "name": "stands in",
            "description": "for an action of others",
            "inputs": inputs,
            "runs": {"using": "composite", "steps": [step]},
        }


def _act() -> str:
    """The project's own, beside its Python."""
    return str(Path(sys.executable).with_name("act"))


def _uv_cache() -> str:
    """Where uv keeps what it has fetched, whatever the runner calls its cache."""
    uv = str(ROOT / ".tools" / "bin" / "uv")
    return subprocess.run([uv, "cache", "dir"], capture_output=True, text=True, check=True).stdout.strip()
