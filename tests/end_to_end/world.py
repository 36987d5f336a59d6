"""A world for end-to-end tests: a sandbox, a project folder, and the commands as a user runs them."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from release.adapters import stage_file
from release.adapters.aws import StageAws
from release.domain import landed, ledger
from release.domain import stage as stage_settings
from release.domain.stage import StageSettings
from release.rollout import Target
from tests.conftest import ROOT

PATIENCE = 180.0


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    result: dict[str, Any]
    stderr: str


@dataclass
class World:
    """One sandbox and one project in it. `sandbox` is a handle of `sandbox.testing`."""

    project: Path
    sandbox: Any

    @property
    def env(self) -> dict[str, str]:
        """The environment of a user of this sandbox."""
        return os.environ | self.sandbox.env

    def start(self, *arguments: str, **options: Any) -> subprocess.Popen[str]:
        """Start `./slipway …` in a process group of its own."""
        command = [str(ROOT / "slipway"), *arguments]
        return subprocess.Popen(
            command,
            cwd=self.project,
            env=options.pop("env", self.env),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            **options,
        )

    def slipway(self, *arguments: str, expected: int | None = 0, env: dict[str, str] | None = None) -> Done:
        """Run `./slipway … --json`; the test fails when it ends with another code than expected."""
        process = self.start(*arguments, "--json", **({"env": env} if env else {}))
        stdout, stderr = process.communicate(timeout=PATIENCE)
        result = next((json.loads(line) for line in stdout.splitlines()[::-1] if line.startswith("{")), {})
        assert expected is None or process.returncode == expected, f"{arguments}: {stdout}\n{stderr}"
        return Done(process.returncode, result, stderr)

    def pulumi(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the Pulumi CLI itself in the project."""
        command = ["pulumi", *arguments, "--non-interactive", "--color", "never"]
        return subprocess.run(
            command,
            cwd=self.project,
            env=self.env,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )

    def settings(self, stage: str) -> StageSettings:
        """The stage's settings as its file has them now."""
        return stage_settings.parse(stage, stage_file.read_config(self.file(stage)))

    def file(self, stage: str) -> Path:
        """The stage's file."""
        return stage_file.path_of(self.project, stage)

    def target(self, stage: str) -> Target:
        """The stage's endpoint, with clients of this sandbox whatever the test's own environment is."""
        found = self.settings(stage)
        return Target(self.project, "delays", SandboxAws(found, self.sandbox), print, print)

    def events(self, stage: str) -> list[str]:
        """All events in the stage's ledger, oldest first; the chain must be whole."""
        entries = self.target(stage).ledger.entries()
        assert ledger.broken_link(entries) is None
        return [entry.event for entry in entries]

    def assert_clean(self, stage: str, serves: str | None) -> None:
        """The stage serves `serves` by pin, SageMaker and golden requests; pulumi has nothing to change."""
        target = self.target(stage)
        pinned = self.settings(stage).endpoints["delays"]
        assert (pinned.live.release if pinned.live else None) == serves
        plan = target.plan_of(ledger.pins_of(pinned))
        assert landed.compare(plan, target.endpoints.describe(plan.endpoint)) == []
        if serves:
            golden, _ = target.artifacts.golden(target.artifacts.manifest(serves))
            assert target.endpoints.smoke(plan.endpoint, golden) is None
        assert ledger.open_rollout(target.ledger.tail()) is None
        assert ledger.broken_link(target.ledger.entries()) is None
        for config in plan.configs:
            assert target.aws.client("sagemaker").describe_endpoint_config(EndpointConfigName=config.name)
        for model in plan.models:
            assert target.aws.client("sagemaker").describe_model(ModelName=model.name)
        preview = self.pulumi("preview", "--stack", stage, "--expect-no-changes")
        assert preview.returncode == 0, preview.stdout + preview.stderr


class SandboxAws(StageAws):
    """A stage's AWS access with the sandbox's own clients, so that the test's environment stays as it is."""

    def __init__(self, found: StageSettings, sandbox: Any) -> None:
        super().__init__(found.stage, found.account, found.region)
        object.__setattr__(self, "_sandbox", sandbox)

    def client(self, service: str) -> Any:
        return self._sandbox.client(service)  # ty: ignore[missing-attribute]


def kill_group(process: subprocess.Popen[str]) -> None:
    """SIGKILL to the process and everything that it started in its group."""
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=30)


def wait_until(true: Callable[[], Any], what: str, patience: float = PATIENCE) -> None:
    """Poll until `true()`; fails the test when it never is."""
    deadline = time.monotonic() + patience
    while not true():
        assert time.monotonic() < deadline, f"waited {patience:.0f} s for: {what}"
        time.sleep(0.05)


def first_lines(process: subprocess.Popen[str], until: str) -> Sequence[str]:
    """Read the process's stderr up to the first line that holds `until` (or to its end)."""
    lines = []
    assert process.stderr is not None
    for line in process.stderr:
        lines.append(line)
        if until in line:
            break
    return lines
