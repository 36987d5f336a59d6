"""The rows of the bench: what is rolled out, and what is measured of it."""

import subprocess
import sys
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

from bench.rollout.judged.scene import GOOD, TWIN, Scene, ended
from demo.callers import Calls
from demo.project import TOLERANT
from release.domain import names
from release.domain.errors import ReleaseFailed
from release.domain.pins import RolloutSettings
from release.domain.policy import Policy
from release.judge.estimate import Assumptions, estimate

REVERTED = "reverted"
RATE = 100.0
SHARE = 5
JUDGED: Mapping[str, Any] = {
    "strategy": "judged",
    "steps": [SHARE, 50],
    "step_seconds": 10,
    "hold_seconds": 1200,
    "bake_seconds": 10,
    "step_percent": 10,
    "wait_seconds": 300,
}
WINDOW_SECONDS = 2
"""Of telemetry, and of the judge's blocks: shorter than usual, for verdicts within seconds."""
POLICY: Mapping[str, Any] = {**TOLERANT, "block_seconds": WINDOW_SECONDS}
Step = Callable[[str], None]


@dataclass(frozen=True)
class Run:
    """One rollout."""

    row: str
    ended: str
    """landed, reverted, or the exit code of what was no rollout."""
    seconds: float
    why: str
    bad: int
    """Requests that were not answered with a 200."""
    sent: int
    until_gone: float | None
    """Seconds from the first bad answer to the candidate's weight 0, or without one to the last."""
    estimate: float | None = None
    """Seconds until the last move by the plan's estimate, before anything was measured."""
    still: float | None = None
    """Seconds from the candidate's weight 0 to its last answer."""

    def record(self) -> dict[str, Any]:
        """As JSON data."""
        return asdict(self)


def errors(scene: Scene, runs: int, step: Step) -> Iterator[Run]:
    """5 % errors at 5 % weight: how soon is the candidate without traffic?"""
    _live(scene, GOOD)
    scene.release("errors")
    for number in range(runs):
        step(f"5 % errors, judged: {number + 1} of {runs}")
        yield _failing(scene, "5 % errors, judged")


def guardrail(scene: Scene, runs: int, step: Step) -> Iterator[Run]:
    """The same release by SageMaker's canary guardrail with alarms, at its least share."""
    _live(scene, GOOD)
    scene.release("errors")
    for number in range(runs):
        step(f"5 % errors, canary with alarms: {number + 1} of {runs}")
        yield _failing(scene, "5 % errors, canary with alarms", "--strategy", "canary")


def worse(scene: Scene, runs: int, step: Step) -> Iterator[Run]:
    """Slow, not a number, shifted scores: each has to FAIL by its own metric."""
    _live(scene, GOOD)
    for kind in ("latency", "invalid", "score"):
        scene.release(kind)
        for number in range(runs):
            step(f"{kind}: {number + 1} of {runs}")
            found = _failing(scene, f"worse: {kind}")
            if kind not in found.why:
                raise ReleaseFailed(
                    f"The verdict on a release with worse {kind} does not name it: {found.why}"
                )
            yield found


@dataclass(frozen=True)
class Service:
    """A service that an A/A rollout is done with: how slow it is, and how it is called."""

    side: int
    """Of the matrices that it multiplies for each request, beside its own model; 0 for none."""
    latency: float
    """Its median latency about, seconds: what the estimate assumes."""
    rate: float
    steps: tuple[int, ...] = (25, 50)
    memory: float = 60.0
    """Seconds for which live is remembered: at least 300 of its requests are compared with."""
    busy: bool = False
    """Whether another process keeps one core of the host busy meanwhile."""


SERVICES = {
    "the same bytes, .5 ms": Service(0, 0.0005, 200.0),
    "the same bytes, 5 ms": Service(500, 0.005, 100.0),
    "the same bytes, 70 ms": Service(1200, 0.07, 9.0, steps=(50,), memory=180.0),
    "the same bytes, busy host": Service(0, 0.0005, 200.0, busy=True),
}


def alike(name: str) -> Callable[[Scene, int, Step], Iterator[Run]]:
    """The same bytes as another release: nobody may be taken back."""

    def row(scene: Scene, runs: int, step: Step) -> Iterator[Run]:
        service = SERVICES[name]
        kinds = scene.slowed(service.side) if service.side else (GOOD, TWIN)
        _live(scene, kinds[0], {"steps": list(service.steps)}, {"memory_seconds": service.memory})
        foreseen = _foreseen(service)
        for number in range(runs):
            scene.release(kinds[(number + 1) % 2])
            step(f"{name}: {number + 1} of {runs}")
            begun = time.time()
            with _busy(service.busy), scene.callers(service.rate) as calls:
                code, answer = ended(scene.promotion())
            yield _run(name, code, answer, time.time() - begun, calls, None, foreseen)

    return row


def abort(scene: Scene, runs: int, step: Step) -> Iterator[Run]:
    """A good release is aborted at 5 %: how long does it still answer after its weight is 0?"""
    _live(scene, GOOD, {"step_seconds": 600})
    scene.release(TWIN)
    for number in range(runs):
        step(f"aborted at {SHARE} %: {number + 1} of {runs}")
        begun = time.time()
        with scene.callers(RATE) as calls:
            process = scene.promotion()
            scene.until_with_candidate(process)
            with scene.abort():
                gone = scene.until_without_candidate(process, had=True)
            code, answer = ended(process)
        found = _run("aborted", code, answer, time.time() - begun, calls, gone)
        if gone is None or found.ended != REVERTED:
            raise ReleaseFailed(f"An aborted rollout of the bench was not taken back: {answer}")
        yield found
        scene.let_in_again()


ROWS: Mapping[str, Callable[[Scene, int, Step], Iterator[Run]]] = {
    "errors": errors,
    "guardrail": guardrail,
    "worse": worse,
    "abort": abort,
    **{f"alike-{key}": alike(name) for key, name in zip(("0.5", "5", "70", "busy"), SERVICES, strict=True)},
}


def _live(
    scene: Scene,
    kind: str,
    rollout: Mapping[str, Any] | None = None,
    policy: Mapping[str, Any] | None = None,
) -> None:
    """A release that is live in the stage, without a judge: it has no callers yet."""
    scene.rollout({**JUDGED, **(rollout or {})}, {**POLICY, **(policy or {})}, WINDOW_SECONDS)
    scene.release(kind)
    code, answer = ended(scene.promotion("--strategy", "all-at-once"))
    if code:
        raise ReleaseFailed(f"The bench's first release did not land: {answer}")


def _failing(scene: Scene, row: str, *options: str) -> Run:
    begun = time.time()
    with scene.callers(RATE) as calls:
        process = scene.promotion(*options)
        gone = scene.until_without_candidate(process)
        code, answer = ended(process)
    found = _run(row, code, answer, time.time() - begun, calls, gone)
    if found.ended != REVERTED:
        raise ReleaseFailed(f"A bad release of the bench was not rolled out and taken back: {answer}")
    scene.let_in_again()
    return found


def _run(
    row: str,
    code: int,
    answer: Mapping[str, Any],
    seconds: float,
    calls: Calls,
    gone: float | None,
    foreseen: float | None = None,
) -> Run:
    # A gate that refuses ends with 1 too, before there is any rollout.
    why = str(answer.get("error", ""))
    if code == 0 and not answer["changed"]:
        raise ReleaseFailed(f"A rollout of the bench had nothing to do: {answer}")
    outcome = "landed" if code == 0 else REVERTED if "did not land" in why else f"exit {code}"
    first = min(calls.failures, default=None)
    last = gone or max(calls.failures, default=None)
    return Run(
        row=row,
        ended=outcome,
        seconds=round(seconds, 1),
        why=why[:300],
        bad=len(calls.failures),
        sent=calls.sent,
        until_gone=round(last - first, 2) if first and last else None,
        estimate=foreseen,
        still=round(max(calls.last.get(names.CANDIDATE, gone) - gone, 0.0), 2) if gone else None,
    )


def _foreseen(service: Service) -> float:
    """Seconds that the steps take by the estimate that a user is shown, the bake besides."""
    policy = Policy.model_validate({**POLICY, "memory_seconds": service.memory})
    settings = RolloutSettings.model_validate(JUDGED)
    seconds = 0.0
    for share in service.steps:
        given = Assumptions(service.rate, share / 100, latency=service.latency)
        [passes] = [line for line in estimate(policy, given) if line.verdict == "PASS"]
        seconds += max(passes.seconds, settings.step_seconds)
    return round(seconds + settings.bake_seconds, 1)


@contextmanager
def _busy(wanted: bool) -> Generator[None]:
    if not wanted:
        yield
        return
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as process:
        try:
            yield
        finally:
            process.kill()
