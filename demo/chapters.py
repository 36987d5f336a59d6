"""The story, chapter by chapter: train, release, promote, judge, refuse, take back, roll back.

Every step is a real command in a real sandbox, and is checked: the story ends with ReleaseFailed as soon as
one is not as told.
"""

import itertools
import json
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass

from demo.bad_models import damaged
from demo.narration import Narration
from demo.project import TIME_SCALE, TOLERANT, change_stage, guarded_project
from demo.watch import golden
from demo.worse_models import shifted

STAGES = ("dev", "staging", "prod")
ENDPOINT = "delays"
MANY, SOME = 250.0, 100.0
"""Requests per second of the callers in the story: a PASS needs more of them than a FAIL."""
ROLLOUT = {
    "strategy": "judged",
    "steps": [50],
    "step_seconds": 5,
    "hold_seconds": 3_600,
    "bake_seconds": 5,
}


HURRIED = (
    *("release", "--model", "shifted", "--stage", "prod"),
    *("--skip", "--reason", "no time for dev and staging", "--json"),
)
"""A release that leaves out the stages before: allowed here, and recorded. The judge is not left out."""


@dataclass
class Told:
    """What the chapters hand on: the releases by what they are called in the story."""

    first: str = ""
    second: str = ""


def tell(story: Narration, down: bool) -> Told:
    """Tell all of it, from an empty sandbox on; `down` stops the sandbox at the end, told or not.

    The sandbox's home and the project folder are the narration's. Raises ReleaseFailed.
    """
    told = Told()
    try:
        _sandbox(story)
        _first_release(story, told)
        _promoted(story, told.first, "3. The same bytes, proven again, go to staging and prod")
        _better_release(story, told)
        _refused_by_a_gate(story)
        _taken_back_by_itself(story, told)
        _worse_release(story)
        with _called(story, SOME):
            _judged_worse(story, told)
            _rollback(story, told)
        _fenced(story, told)
        _in_the_end(story)
    finally:
        if down:
            story.slipway("sandbox", "down", "--home", str(story.home))
    return told


def _sandbox(story: Narration) -> None:
    story.chapter("1. A local AWS that really serves models, and the three stages' data")
    home = str(story.home)
    story.slipway("sandbox", "down", "--home", home)
    shutil.rmtree(story.project, ignore_errors=True)
    guarded_project(story.project)
    change_stage(story.project, "prod", ROLLOUT, TOLERANT)
    options = ("--home", home, "--port", "0", "--time-scale", str(TIME_SCALE))
    record = story.slipway("sandbox", "up", *options, "--json")
    story.use(story.slipway("sandbox", "env", "--home", home, "--json"))
    story.as_deployer(STAGES)
    story.say(f"AWS answers at {record['endpoint_url']}; the stages' files are in {story.project}")
    story.say("every call is held against the deployer's policy (infra/deployer-policy.json is prod's)")
    story.say("prod is judged at 50 % (a stage's own steps are 1, 5, 25 and 50), and PASS margins are")
    story.say("wider than usual, so that a minute of traffic decides: see slipway:judge in Pulumi.prod.yaml")


def _first_release(story: Narration, told: Told) -> None:
    story.chapter("2. A model trained on 2013's flights from New York becomes a release, live in dev")
    trained = story.slipway("train", "--model", "logistic", "--out", "first", "--json")
    story.say(f"trained in {trained['seconds']} s: {_quality(story, 'first')}")
    told.first = story.slipway("release", "--model", "first", "--json")["release"]
    answer = story.slipway("invoke", "dev", "--json")
    story.say(f"dev answers: {answer['answer']}")


def _promoted(story: Narration, release: str, title: str) -> None:
    story.chapter(title)
    for source, target in itertools.pairwise(STAGES):
        result = story.slipway("promote", source, target, "--json")
        story.expect(result["release"] == release, f"{target} serves {release}")


def _better_release(story: Narration, told: Told) -> None:
    story.chapter("4. A second, better model, while prod has callers: the judge compares it with the first")
    story.slipway(
        *("train", "--model", "boosting", "--out", "second", "--json"),
        *("--champion", "first/model.tar.gz"),
    )
    story.say(_quality(story, "second"))
    told.second = story.slipway("release", "--model", "second", "--json")["release"]
    story.slipway("promote", "dev", "staging", "--json")
    with _called(story, MANY):
        result = story.slipway("promote", "staging", "prod", "--json")
    story.expect(result["release"] == told.second, f"prod serves {told.second}, judged on real requests")
    answer = story.slipway("invoke", "prod", "--json")
    story.say(f"prod answers: {answer['answer']}")
    _reported(story, "passed")


def _reported(story: Narration, name: str) -> None:
    made = story.slipway("report", "prod", "--json", "--out", f"{name}.html")
    story.say(f"what it came to, on one page: {story.project / made['file']}")


def _refused_by_a_gate(story: Narration) -> None:
    story.chapter("5. A bad model: trained on the most recent months only. A gate has to refuse it")
    arguments = ("--model", "boosting", "--months", "7-10", "--out", "third", "--json")
    story.slipway("train", *arguments, expected=1)
    story.slipway("release", "--model", "third", "--json", expected=1)


def _taken_back_by_itself(story: Narration, told: Told) -> None:
    story.chapter(
        "6. A damaged artifact: its container refuses to serve. The stage has to come back by itself"
    )
    damaged(story.project / "second", story.project / "damaged")
    story.slipway("release", "--model", "damaged", "--json", expected=1)
    status = story.slipway("status", "dev", "--json")
    story.expect(status["agree"], f"dev serves {told.second} as before, and its pin says so")


@contextmanager
def _called(story: Narration, rate: float) -> Generator[None]:
    """While the block runs, prod has callers, and none of them may remain without an answer."""
    with story.callers("prod", ENDPOINT, rate) as calls:
        yield
    story.expect(not calls.failures, f"all {calls.sent:,} requests of prod's callers were answered")


def _worse_release(story: Narration) -> None:
    story.chapter(
        "7. In a hurry straight to prod, all gates passed, but every score is .15 higher: judged FAIL"
    )
    shifted(story.project / "second", story.project / "shifted")


def _judged_worse(story: Narration, told: Told) -> None:
    failed = story.slipway(*HURRIED, expected=1)
    story.expect("score" in failed["error"], "the verdict names the score")
    status = story.slipway("status", "prod", "--json")
    story.expect(status["agree"], f"prod serves {told.second} as before")
    _reported(story, "failed")


def _rollback(story: Narration, told: Told) -> None:
    story.chapter("8. prod goes back to the first release, timed from the command to its first answer")
    with story.watching("prod", ENDPOINT, golden(story.project / "first")) as watch:
        result = story.slipway("rollback", "prod", "--json")
    story.expect(result["release"] == told.first, f"prod serves {told.first} again")
    story.expect(watch.seconds is not None, "its answers were seen while the command ran")
    story.say(f"from command to the old version answering: {watch.seconds:.1f} s")


def _fenced(story: Narration, told: Told) -> None:
    story.chapter("9. What prod left is fenced: no stage accepts it until somebody clears it with a reason")
    story.slipway(*HURRIED, expected=1)
    reason = ("--reason", "the story shows how")
    story.slipway("fence", "clear", told.second, *reason, "--json")
    standing = {kept["release"] for kept in story.slipway("fence", "--json")["fences"]}
    story.expect(told.second not in standing, f"{told.second} may come again")
    story.expect(len(standing) == 2, "the damaged and the shifted release stay fenced")


def _in_the_end(story: Narration) -> None:
    story.chapter("10. What is live where, and is everything as the data says?")
    story.show("status")
    prod = story.stage("prod").settings.endpoints[ENDPOINT].pins.named
    digests = {pin.digest for pin in prod}
    same = all(story.stage(stage).registry.has(digest) for stage in STAGES for digest in digests)
    story.expect(same, f"every image digest that prod names ({len(digests)}) is in staging and dev too")
    story.previews(STAGES)


def _quality(story: Narration, folder: str) -> str:
    evidence = json.loads((story.project / folder / "evidence.json").read_text())
    passed = sum(gate["passed"] for gate in evidence["gates"])
    return f"AUC {evidence['evaluation']['test_auc']:.3f} on a month it never saw; {passed} gates passed"
