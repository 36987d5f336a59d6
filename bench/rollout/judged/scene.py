"""A sandbox with a stage whose endpoint has callers, and releases of every kind in the stage before.

Nothing is faked: real engine, real model servers, requests from another process. Only the sandbox's own
waiting is shorter than AWS's where a row says so (`time_scale`).
"""

import json
import subprocess
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from bench.users import User
from demo.bad_models import with_evidence
from demo.callers import Calls, calling
from demo.project import ROOT, change_stage, make_project
from demo.worse_models import WORSE, slow
from release.domain import names
from release.operations.judging import SPAN
from sandbox import testing
from sandbox.testing import SandboxHandle

SOURCE, TARGET, ENDPOINT = "dev", "prod", "delays"
NAME = names.endpoint(ENDPOINT, TARGET)
GOOD, TWIN = "good", "twin"
SKIP = ("--skip", "--reason", "the bench measures the last stage alone")
POLL_SECONDS = 0.1


class Scene:
    """One stage with callers; promotions bring releases there."""

    def __init__(self, folder: Path, sandbox: SandboxHandle) -> None:
        self.sandbox = sandbox
        self.project = make_project(folder / "project")
        self.user = User(self.project, sandbox.env, folder / "commands.log")
        self._sagemaker = sandbox.client("sagemaker")

    def train(self) -> None:
        """A good model, its twin (another release of the same bytes), and one of every worse kind."""
        good = self.project / GOOD
        if not (good / "evidence.json").exists():
            self.user.slipway("train", "--model", "boosting", "--out", GOOD)
        self._twin(GOOD, TWIN)
        for kind, make in WORSE.items():
            make(good, self.project / kind)

    def rollout(self, rollout: Mapping[str, Any], judge: Mapping[str, Any], window_seconds: int) -> None:
        """How the stage rolls out from now on, and how often its containers print a window."""
        variables = {"SLIPWAY_TELEMETRY_SECONDS": str(window_seconds)}
        change_stage(self.project, TARGET, {"allow": ["canary", "all-at-once"], **rollout}, judge, variables)

    def release(self, kind: str) -> None:
        """Make a release live in the stage before."""
        self.user.slipway("release", "--model", kind, "--stage", SOURCE)

    def promotion(self, *options: str) -> subprocess.Popen[str]:
        """Begin to promote what is live there. `ended` says what came of it."""
        return self._begun("promote", SOURCE, TARGET, *SKIP, "--json", *options)

    def slowed(self, side: int) -> tuple[str, str]:
        """Two releases of the same bytes that multiply matrices of this size besides."""
        good, twin = f"{GOOD}-{side}", f"{TWIN}-{side}"
        slow(self.project / GOOD, self.project / good, side)
        self._twin(good, twin)
        return good, twin

    def _twin(self, kind: str, twin: str) -> None:
        """Another release of the same bytes: its evidence names another source."""
        change = {"twin": True}
        with_evidence(
            self.project / kind, self.project / twin, lambda evidence: evidence["source"].update(change)
        )

    def abort(self) -> subprocess.Popen[str]:
        """Begin to take the rollout under way back."""
        return self._begun("abort", TARGET, "--reason", "the bench has seen enough", "--json")

    def _begun(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [str(ROOT / "slipway"), *arguments],
            cwd=self.project,
            env=self.user.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def let_in_again(self) -> None:
        """Clear the fence of what is live in the stage before, so that it may be tried once more."""
        file = (self.project / f"Pulumi.{SOURCE}.yaml").read_text(encoding="utf-8")
        release = YAML(typ="safe").load(file)["config"]["slipway:endpoints"][ENDPOINT]["live"]["release"]
        self.user.slipway("fence", "clear", release, "--reason", "the bench tries it once more")

    @contextmanager
    def callers(self, rate: float) -> Generator[Calls]:
        """While the block runs, callers send `rate` requests a second; what they saw is known after it.

        It begins when there are windows enough that a promotion takes this rate for the stage's traffic.
        """
        with calling(self.sandbox.endpoint_url, NAME, rate) as calls:
            time.sleep(SPAN)
            yield calls

    def weights(self) -> dict[str, float]:
        """The variants' weights now."""
        found = self._sagemaker.describe_endpoint(EndpointName=NAME)["ProductionVariants"]
        return {variant["VariantName"]: variant["CurrentWeight"] for variant in found}

    def until_with_candidate(self, process: subprocess.Popen[str]) -> None:
        """Wait until a candidate has traffic, while `process` runs."""
        while process.poll() is None and not self.weights().get(names.CANDIDATE):
            time.sleep(POLL_SECONDS)

    def until_without_candidate(self, process: subprocess.Popen[str], had: bool = False) -> float | None:
        """The moment (since 1970) at which a candidate that had traffic has none, while `process` runs."""
        while process.poll() is None:
            share = self.weights().get(names.CANDIDATE, 0.0)
            if had and not share:
                return time.time()
            had = had or share > 0
            time.sleep(POLL_SECONDS)
        return None


def ended(process: subprocess.Popen[str]) -> tuple[int, Mapping[str, Any]]:
    """The exit code of a promotion, and its result or its error."""
    stdout, _ = process.communicate()
    lines = [line for line in stdout.splitlines() if line.startswith("{")]
    return process.returncode, json.loads(lines[-1]) if lines else {}


@contextmanager
def scene(folder: Path, **options: Any) -> Generator[Scene]:
    """A scene in a sandbox of its own, which ends with the block."""
    folder.mkdir(parents=True, exist_ok=True)
    with testing.start(folder / "sandbox", **options) as sandbox:
        made = Scene(folder, sandbox)
        made.train()
        yield made
