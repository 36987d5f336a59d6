"""A world for end-to-end tests: a sandbox, a project folder, and the commands as a user runs them."""

import json
import os
import signal
import subprocess
import time
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from release.adapters import stage_file
from release.adapters.aws import StageAws
from release.adapters.fence_store import FenceStore
from release.adapters.world import Project, ports_of
from release.domain import chain, former, landed, names, plan, scaling
from release.domain import stage as stage_settings
from release.domain.landed import Description
from release.domain.ledger import Closed, End, Entry, Opened, Subject
from release.domain.pins import EndpointSettings, Pins
from release.domain.stage import StageSettings
from release.ports import Event, StagePorts, Tell
from release.rollout.smoke import smoke
from tests.conftest import ROOT

PATIENCE = 240.0
POLL_SECONDS = 0.02
SKIP = ("--skip", "--reason", "the test is about the last stage")
"""What `promote dev prod` needs besides."""
CLEAN = ("--expect-no-changes", "--diff")


def quiet(event: Event) -> None:
    """Nobody listens."""


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
    _clients: dict[str, Any] = field(default_factory=dict)

    def client(self, service: str) -> Any:
        """The sandbox's client of a service, made once."""
        if service not in self._clients:
            self._clients[service] = self.sandbox.client(service)
        return self._clients[service]

    @property
    def env(self) -> dict[str, str]:
        """The environment of a user of this sandbox."""
        return os.environ | self.sandbox.env

    def clear(self, release: str) -> None:
        """Clear the release's fence, which the stages put when it was taken back or left by a rollback."""
        self.slipway("fence", "clear", release, "--reason", "the test brings it again")

    def start(self, *arguments: str, **options: Any) -> subprocess.Popen[str]:
        """Start `./slipway …` in a process group of its own."""
        return subprocess.Popen(
            [str(ROOT / "slipway"), *arguments],
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
        return self.ended(process, expected)

    def ended(self, process: subprocess.Popen[str], expected: int | None = 0) -> Done:
        """How a started command (with --json) ended; the test fails when it is another code than expected."""
        stdout, stderr = process.communicate(timeout=PATIENCE)
        result = next((json.loads(line) for line in stdout.splitlines()[::-1] if line.startswith("{")), {})
        assert expected is None or process.returncode == expected, f"{process.args}: {stdout}\n{stderr}"
        return Done(process.returncode, result, stderr)

    def pulumi(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the Pulumi CLI itself in the project."""
        return subprocess.run(
            ["pulumi", *arguments, "--non-interactive", "--color", "never"],
            cwd=self.project,
            env=self.env,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )

    def up(self, stage: str, *arguments: str) -> str:
        """`pulumi up` by somebody, which must succeed; returns what it said."""
        done = self.pulumi("up", "--stack", stage, "--yes", "--skip-preview", *arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def assert_no_changes(self, *stages: str, refresh: bool = True) -> None:
        """`pulumi preview` has nothing to change in these stages, without a refresh before and with one."""
        ways = ((), ("--refresh",)) if refresh else ((),)
        runs = [("preview", "--stack", stage, *CLEAN, *way) for stage in stages for way in ways]
        with ThreadPoolExecutor(2) as pool:
            for done in pool.map(lambda run: self.pulumi(*run), runs):
                assert done.returncode == 0, f"{done.args}: {done.stdout}{done.stderr}"

    def settings(self, stage: str) -> StageSettings:
        """The stage's settings as its file has them now."""
        return stage_settings.parse(stage, stage_file.read_config(self.file(stage)))

    def endpoint(self, stage: str, endpoint: str = "delays") -> EndpointSettings:
        """One endpoint's settings as the stage's file has them now."""
        return self.settings(stage).endpoints[endpoint]

    def file(self, stage: str) -> Path:
        """The stage's file."""
        return stage_file.path_of(self.project, stage)

    def edit(self, stage: str, endpoint: str = "delays", **values: Any) -> None:
        """Change settings of an endpoint in the stage's file, as a person does; mappings are merged."""
        yaml, file = YAML(), self.file(stage)
        document = yaml.load(file)
        found = document["config"]["slipway:endpoints"].setdefault(endpoint, {})
        for key, value in values.items():
            found[key] = {**found.get(key, {}), **value} if isinstance(value, dict) else value
        yaml.dump(document, file)

    def set(self, stage: str, **values: Any) -> None:
        """Set keys of ours in the stage's file, or take them out (None)."""
        yaml, file = YAML(), self.file(stage)
        document = yaml.load(file)
        for key, value in values.items():
            document["config"].pop(f"slipway:{key}", None)
            if value is not None:
                document["config"][f"slipway:{key}"] = value
        yaml.dump(document, file)

    def ports(self, stage: str, tell: Tell = quiet) -> StagePorts:
        """The stage, with clients of this sandbox whatever the test's own environment is."""
        config = stage_file.read_config(self.file(stage))
        settings = stage_settings.parse(stage, config)
        aws = SandboxAws(settings, self)
        return ports_of(self.project, settings, aws, former.is_former(config), tell)

    def entries(self, stage: str) -> list[Entry]:
        """The stage's ledger, oldest first; the chain must be whole."""
        stored = self.ports(stage).ledger.latest(None)
        assert chain.broken_link(stored) is None
        return [found.entry for found in stored]

    def events(self, stage: str) -> list[str]:
        """All events in the stage's ledger, oldest first."""
        return [str(entry.what.event) for entry in self.entries(stage)]

    def pin(self, stage: str, pins: Pins, endpoint: str = "delays") -> None:
        """Pins that look as if a release had left them: in the stage's file and in its ledger."""
        ports = self.ports(stage)
        assert pins.live is not None
        before, rollout = ports.file.pins(endpoint), uuid.uuid4().hex[:12]
        subject = Subject(kind="release", endpoint=endpoint, release=pins.live.release, rollout=rollout)
        ports.ledger.append(subject, Opened(before=before, after=pins))
        ports.ledger.append(subject, Closed(event=End.LANDED))
        ports.file.write(endpoint, pins)

    def describe(self, stage: str, endpoint: str = "delays") -> Description:
        """DescribeEndpoint's answer; the endpoint is there."""
        found = self.ports(stage).endpoints.describe(names.endpoint(endpoint, stage))
        assert found is not None
        return found

    def updates(self) -> int:
        """How often UpdateEndpoint was called since the counts were reset."""
        return self.sandbox.calls().get("sagemaker", {}).get("UpdateEndpoint", 0)

    def made(self, stage: str, pins: Pins, endpoint: str = "delays") -> dict[str, Any]:
        """When each model and config that these pins mean was created; the test fails where one is missing.

        A name comes from content, so one that was deleted and made again shows by its time alone.
        """
        sagemaker, wanted = self.client("sagemaker"), plan.endpoint_plan(stage, endpoint, pins)
        configs = {
            c.name: sagemaker.describe_endpoint_config(EndpointConfigName=c.name)["CreationTime"]
            for c in wanted.configs
        }
        models = {m.name: sagemaker.describe_model(ModelName=m.name)["CreationTime"] for m in wanted.models}
        return configs | models

    def scaling(self, stage: str, endpoint: str) -> tuple[int, int]:
        """How many scalable targets and policies the live variant has; none of them is held."""
        client = self.client("application-autoscaling")
        place = {"ServiceNamespace": scaling.NAMESPACE, "ScalableDimension": scaling.DIMENSION}
        resource = scaling.resource(names.endpoint(endpoint, stage))
        targets = client.describe_scalable_targets(**place, ResourceIds=[resource])["ScalableTargets"]
        held = [t for t in targets if (t.get("SuspendedState") or {}).get("DynamicScalingInSuspended")]
        assert held == []
        policies = client.describe_scaling_policies(**place, ResourceId=resource)["ScalingPolicies"]
        return len(targets), len(policies)

    def assert_at_rest(self, stage: str, serves: str | None, endpoint: str = "delays") -> None:
        """The stage serves `serves` by pin, SageMaker and golden requests, and its ledger is closed."""
        ports, pins = self.ports(stage), self.endpoint(stage, endpoint).pins
        assert pins.candidate is None
        assert (pins.live.release if pins.live else None) == serves
        wanted = plan.endpoint_plan(stage, endpoint, pins)
        if serves:  # autoscaling may be at work on it, as on AWS
            wait_until(lambda: not landed.in_transition(ports.endpoints.describe(wanted.endpoint)), "rest")
        assert landed.compare(wanted.endpoint, wanted.live, ports.endpoints.describe(wanted.endpoint)) == []
        if serves:
            golden, _ = ports.artifacts.golden(ports.artifacts.manifest(serves))
            assert smoke(ports.endpoints, wanted.endpoint, golden) is None
            assert wanted.live is not None
            on = wanted.live.production[0].instance_type
            scaled = scaling.scaling(self.endpoint(stage, endpoint).instances, on)
            assert self.scaling(stage, endpoint) == (bool(scaled), bool(scaled and scaled.invocations))
        self.made(stage, pins, endpoint)
        assert ports.ledger.open() is None
        assert chain.broken_link(ports.ledger.latest(None)) is None

    def assert_clean(self, stage: str, serves: str | None, refresh: bool = True) -> None:
        """As `assert_at_rest`, and Pulumi has nothing to change."""
        self.assert_at_rest(stage, serves)
        self.assert_no_changes(stage, refresh=refresh)


@dataclass(frozen=True)
class Inside(Project):
    """The project for operations in the test's own process, which may then stop wherever they tell a thing.

    Pulumi and crane find the sandbox by the environment, which has to be the world's.
    """

    world: World

    def stage(self, name: str) -> StagePorts:
        """A stage of the sandbox."""
        return self.world.ports(name, self.tell)

    def fences(self, name: str) -> FenceStore:
        """Its fences."""
        return FenceStore(
            SandboxAws(self.settings(name), self.world), self.world.ports(name).artifacts.bucket
        )


class SandboxAws(StageAws):
    """A stage's AWS access with the sandbox's own clients, so that the test's environment stays as it is."""

    def __init__(self, found: StageSettings, world: World) -> None:
        super().__init__(found.stage, found.account, found.region)
        object.__setattr__(self, "_world", world)

    def client(self, service: str) -> Any:
        return self._world.client(service)  # ty: ignore[missing-attribute]


def ends_within(process: subprocess.Popen[str], seconds: float) -> bool:
    """Whether the process has ended by itself, at the latest after so many seconds."""
    with suppress(subprocess.TimeoutExpired):
        process.wait(seconds)
    return process.poll() is not None


def kill_process(process: subprocess.Popen[str]) -> None:
    """SIGKILL to the process alone; what it started goes on, and is waited for."""
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=PATIENCE)


def kill_group(process: subprocess.Popen[str]) -> None:
    """SIGKILL to the process and everything that it started in its group."""
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=30)


def wait_until(true: Callable[[], Any], what: str, patience: float = PATIENCE) -> None:
    """Poll until `true()`; fails the test when it never is."""
    deadline = time.monotonic() + patience
    while not true():
        assert time.monotonic() < deadline, f"waited {patience:.0f} s for: {what}"
        time.sleep(POLL_SECONDS)


def first_lines(process: subprocess.Popen[str], until: str) -> Sequence[str]:
    """Read the process's stderr up to the first line that holds `until` (or to its end)."""
    lines = []
    assert process.stderr is not None
    for line in process.stderr:
        lines.append(line)
        if until in line:
            break
    return lines
