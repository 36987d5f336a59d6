"""The rows of the bench: what is rolled out, and what is measured of it."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from bench.rollout.judged.scene import GOOD, TWIN, Scene, ended
from demo.callers import Calls
from demo.project import TOLERANT
from release.domain.errors import ReleaseFailed

REVERTED = "reverted"
RATE = 100.0
SHARE = 5
JUDGED = {
    "strategy": "judged",
    "steps": [SHARE, 50],
    "step_seconds": 10,
    "hold_seconds": 1200,
    "bake_seconds": 10,
    "step_percent": 10,
    "wait_seconds": 300,
}
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


def alike(scene: Scene, runs: int, step: Step) -> Iterator[Run]:
    """The same bytes as another release: nobody may be taken back."""
    _live(scene, GOOD)
    for number in range(runs):
        kind = GOOD if number % 2 else TWIN
        scene.release(kind)
        step(f"the same bytes again: {number + 1} of {runs}")
        begun = time.time()
        with scene.callers(2 * RATE) as calls:
            time.sleep(10)
            code, answer = ended(scene.promotion())
        yield _run("the same bytes", code, answer, time.time() - begun, calls, None)


ROWS: Mapping[str, Callable[[Scene, int, Step], Iterator[Run]]] = {
    "errors": errors,
    "guardrail": guardrail,
    "worse": worse,
    "alike": alike,
}


def _live(scene: Scene, kind: str) -> None:
    """A release that is live in the stage, without a judge: it has no callers yet."""
    scene.rollout(JUDGED, TOLERANT)
    scene.release(kind)
    code, answer = ended(scene.promotion("--strategy", "all-at-once"))
    if code:
        raise ReleaseFailed(f"The bench's first release did not land: {answer}")


def _failing(scene: Scene, row: str, *options: str) -> Run:
    begun = time.time()
    with scene.callers(RATE) as calls:
        time.sleep(10)
        process = scene.promotion(*options)
        gone = scene.until_without_candidate(process)
        code, answer = ended(process)
    found = _run(row, code, answer, time.time() - begun, calls, gone)
    if found.ended != REVERTED:
        raise ReleaseFailed(f"A bad release of the bench was not rolled out and taken back: {answer}")
    scene.let_in_again()
    return found


def _run(
    row: str, code: int, answer: Mapping[str, Any], seconds: float, calls: Calls, gone: float | None
) -> Run:
    # A gate that refuses ends with 1 too, before there is any rollout.
    why = str(answer.get("error", ""))
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
    )
