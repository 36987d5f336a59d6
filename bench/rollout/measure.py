"""One sandbox and one stage that grows: at every size, the commands that a user runs, one after the other.

The first endpoint is released for real, twice, so that there is a release to go back to. The others get the
same pins in the stage's data, and one `pulumi up` makes them; all are served by real model servers.
"""

import shutil
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.rollout import endpoints
from bench.rollout.figures import ANSWERS, GROW, IMPORT, RELEASE, ROLLBACK, START, STATUS, UP, Figure
from bench.users import Spent, User
from demo.project import ROOT, make_project
from demo.watch import Golden, golden, watching
from release.domain import names
from release.domain.errors import ReleaseFailed
from sandbox import testing
from sandbox.testing import SandboxHandle

STAGE = "dev"
STAGE_FILE = f"Pulumi.{STAGE}.yaml"
FIRST_MODEL, SECOND_MODEL = "logistic", "boosting"
PASS = "python -c 'pass'"  # noqa: S105  it is a statement
UP_COMMAND = ("pulumi", "up", "--yes", "--skip-preview", "--non-interactive", "--stack", STAGE)
STEPS_BEFORE, STEPS_A_SIZE, STEPS_A_RUN = 4, 2, 5

Step = Callable[[str], None]
Keep = Callable[[list[Figure]], None]


@dataclass(frozen=True)
class Stage:
    """The stage that is measured, and whoever runs commands on it."""

    sandbox: SandboxHandle
    user: User
    old: Golden
    """What the release answers that a rollback goes back to."""
    data: Any
    """The first endpoint's data, with the pins of two releases."""


def steps(sizes: Sequence[int], runs: int) -> int:
    """How many steps `measure` takes and tells."""
    return STEPS_BEFORE + len(sizes) * (STEPS_A_SIZE + runs * STEPS_A_RUN)


def measure(folder: Path, sizes: Sequence[int], runs: int, step: Step, keep: Keep) -> list[Figure]:
    """All figures, for stages of `sizes` endpoints, each measured `runs` times.

    Everything made lies in `folder`. `keep` gets what is known after every size. The sandbox ends whatever
    happens. Raises ServiceError when a command fails, ReleaseFailed when it did not do what it says.
    """
    log = folder / "commands.log"
    log.unlink(missing_ok=True)
    step("import of the program")
    imports = _imports(User(ROOT, {}, log), runs)
    shutil.rmtree(folder / "project", ignore_errors=True)
    project = make_project(folder / "project")
    begun = time.monotonic()
    with testing.start(folder / "sandbox") as sandbox:
        start = Figure(START, 0, runs=[Spent(round(time.monotonic() - begun, 3), 0.0)])
        start.yardstick, start.yardstick_runs = PASS, imports.yardstick_runs
        user = User(project, sandbox.env, log)
        stage = Stage(sandbox, user, _two_releases(user, step), endpoints.first(user.project / STAGE_FILE))
        found = [imports, start]
        for size in sorted(sizes):
            found += _at_size(stage, size, runs, step)
            keep(found)
    return found


def _imports(user: User, runs: int) -> Figure:
    figure = Figure(IMPORT, 0, PASS)
    for _ in range(runs):
        figure.yardstick_runs.append(user.run(sys.executable, "-c", "pass"))
        figure.runs.append(user.run(sys.executable, "-c", "import infra.stack"))
    return figure


def _two_releases(user: User, step: Step) -> Golden:
    """The second release live in the stage, the first one its previous; what the second answers."""
    for model in (FIRST_MODEL, SECOND_MODEL):
        if not (user.project / model / "evidence.json").exists():
            step(f"train {model}")
            user.slipway("train", "--model", model, "--out", model)
    for model in (FIRST_MODEL, SECOND_MODEL):
        _release(user, model)
    step("two releases of one endpoint")
    return golden(user.project / SECOND_MODEL)


def _release(user: User, model: str) -> Spent:
    return user.slipway("release", "--model", model, "--stage", STAGE, "--endpoint", endpoints.FIRST)


def _at_size(stage: Stage, size: int, runs: int, step: Step) -> list[Figure]:
    """The figures of a stage of `size` endpoints; the first one serves the same release before and after."""
    user = stage.user
    at = f"{size} endpoints: " if size > 1 else "1 endpoint: "
    status, up = Figure(STATUS, size, "invoke"), Figure(UP, size, "pulumi version")
    release, answers = Figure(RELEASE, size, "invoke"), Figure(ANSWERS, size, "invoke")
    rollback, grow = Figure(ROLLBACK, size, "invoke"), Figure(GROW, size)
    step(at + GROW)
    endpoints.fill(user.project / STAGE_FILE, size, stage.data)
    grow.runs.append(user.run(*UP_COMMAND))
    step(at + "all of them serve")
    _expect_serving(stage.sandbox, size)
    for _ in range(runs):
        step(at + "yardsticks")
        invoke = user.slipway("invoke", STAGE, "--endpoint", endpoints.FIRST)
        for figure in (status, release, answers, rollback):
            figure.yardstick_runs.append(invoke)
        up.yardstick_runs.append(user.run("pulumi", "version"))
        step(at + STATUS)
        status.runs.append(user.slipway("status", STAGE))
        step(at + UP)
        up.runs.append(user.run(*UP_COMMAND, "--expect-no-changes"))
        step(at + RELEASE)
        release.runs.append(_release(user, FIRST_MODEL))
        step(at + "rollback of one")
        seen, spent = _rollback(stage)
        answers.runs.append(Spent(seen, spent.cpu))
        rollback.runs.append(spent)
        left = str(stage.data["previous"]["release"])
        user.slipway("fence", "clear", left, "--reason", "it is measured again")
    return [grow, status, up, release, answers, rollback]


def _rollback(stage: Stage) -> tuple[float, Spent]:
    """Seconds until the old version answered, and what the command took."""
    runtime = stage.sandbox.client("sagemaker-runtime")
    name = names.endpoint(endpoints.FIRST, STAGE)

    def ask(body: str) -> bytes:
        answer = runtime.invoke_endpoint(EndpointName=name, Body=body, ContentType="application/json")
        return answer["Body"].read()

    with watching(ask, stage.old) as watch:
        spent = stage.user.slipway("rollback", STAGE, "--endpoint", endpoints.FIRST)
    if watch.seconds is None:
        raise ReleaseFailed("The rollback ended well, and the old version was not seen to answer.")
    return round(watch.seconds, 3), spent


def _expect_serving(sandbox: SandboxHandle, count: int) -> None:
    pages = sandbox.client("sagemaker").get_paginator("list_endpoints").paginate(StatusEquals="InService")
    serving = sum(len(page["Endpoints"]) for page in pages)
    if serving != count:
        raise ReleaseFailed(f"{serving} endpoints are in service, not {count}.")
