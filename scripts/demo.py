"""`./slipway demo`: the whole story on this machine, with the commands that people and CI use.

Every step is a real command in a real sandbox, in a project folder of its own (`.sandbox/project`), and is
checked: the demo ends with an error as soon as one is not as told.
"""

import argparse
import itertools
import json
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from demo.project import ROOT, make_project
from demo.spoil import damaged
from demo.story import Story
from release.domain.names import repository
from scripts.shared.cli import Command, Out, run

STAGES = ("dev", "staging", "prod")


@dataclass
class Told:
    """What the steps hand on: the releases by what they are called in the story."""

    first: str = ""
    second: str = ""


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--down", action="store_true", help="stop the sandbox at the end")


def _work(args: argparse.Namespace, out: Out) -> int:
    started = time.monotonic()
    home = ROOT / ".sandbox"
    story = Story(home, home / "project", out)
    told = Told()
    try:
        _sandbox(story, home)
        _first_release(story, told)
        _promoted(story, told.first, "3. The same bytes, proven again, go to staging and prod")
        _better_release(story, told)
        _refused_by_a_gate(story)
        _taken_back_by_itself(story, told)
        _rollback(story, told)
        _in_the_end(story, told)
    finally:
        if args.down:
            story.slipway("sandbox", "down", "--home", str(home))
    seconds = time.monotonic() - started
    out.result(
        {"seconds": round(seconds, 1), "live": told.first},
        f"\n[green]✓ the demo went as told, in {seconds:.0f} s[/green]",
        *([] if args.down else _look_around(home)),
    )
    return 0


def _look_around(home: Path) -> list[str]:
    shown = home.relative_to(Path.cwd()) if home.is_relative_to(Path.cwd()) else home
    return [
        "\nThe sandbox still runs. Look around in it:",
        f'  cd {shown}/project && eval "$(./slipway sandbox env --home ..)"',
        "  ./slipway status;  ./slipway invoke prod;  pulumi preview --stack prod",
        "Stop it: ./slipway sandbox down",
    ]


def _sandbox(story: Story, home: Path) -> None:
    story.chapter("1. A local AWS that really serves models, and the three stages' data")
    story.slipway("sandbox", "down", "--home", str(home))
    shutil.rmtree(story.project, ignore_errors=True)
    make_project(story.project)
    record = story.slipway("sandbox", "up", "--home", str(home), "--port", "0", "--json")
    story.use(story.slipway("sandbox", "env", "--home", str(home), "--json"))
    story.say(f"AWS answers at {record['endpoint_url']}; the stages' files are in {story.project}")


def _first_release(story: Story, told: Told) -> None:
    story.chapter("2. A model trained on 2013's flights from New York becomes a release, live in dev")
    trained = story.slipway("train", "--model", "logistic", "--out", "first", "--json")
    story.say(f"trained in {trained['seconds']} s: {_quality(story, 'first')}")
    told.first = story.slipway("release", "--model", "first", "--json")["release"]
    answer = story.slipway("invoke", "dev", "--json")
    story.say(f"dev answers: {answer['answer']}")


def _promoted(story: Story, release: str, title: str) -> None:
    story.chapter(title)
    for source, target in itertools.pairwise(STAGES):
        result = story.slipway("promote", source, target, "--json")
        story.expect(result["release"] == release, f"{target} serves {release}")


def _better_release(story: Story, told: Told) -> None:
    story.chapter("4. A second, better model: gradient boosting against the first as champion")
    story.slipway(
        *("train", "--model", "boosting", "--out", "second", "--json"),
        *("--champion", "first/model.tar.gz"),
    )
    story.say(_quality(story, "second"))
    told.second = story.slipway("release", "--model", "second", "--json")["release"]
    _promoted(story, told.second, "   … and on to staging and prod")
    answer = story.slipway("invoke", "prod", "--json")
    story.say(f"prod answers: {answer['answer']}")


def _refused_by_a_gate(story: Story) -> None:
    story.chapter("5. A bad model: trained on the most recent months only. A gate has to refuse it")
    arguments = ("--model", "boosting", "--months", "7-10", "--out", "third", "--json")
    story.slipway("train", *arguments, expected=1)
    story.slipway("release", "--model", "third", "--json", expected=1)


def _taken_back_by_itself(story: Story, told: Told) -> None:
    story.chapter(
        "6. A damaged artifact: its container refuses to serve. The stage has to come back by itself"
    )
    damaged(story.project / "second", story.project / "damaged")
    story.slipway("release", "--model", "damaged", "--json", expected=1)
    status = story.slipway("status", "dev", "--json")
    story.expect(status["agree"], f"dev serves {told.second} as before, and its pin says so")


def _rollback(story: Story, told: Told) -> None:
    story.chapter("7. prod goes back to the first release, timed from the command to its first answer")
    expected = golden_scores(story.project / "first")
    with story.watching("prod", expected) as watch:
        result = story.slipway("rollback", "prod", "--json")
    story.expect(result["release"] == told.first, f"prod serves {told.first} again")
    story.expect(watch.seconds is not None, "its answers were seen while the command ran")
    story.say(f"from command to the old version answering: {watch.seconds:.1f} s")


def _in_the_end(story: Story, told: Told) -> None:
    story.chapter("8. What is live where, and is everything as the data says?")
    story.show("status")
    digests = {stage: story.digests(repository(stage)) for stage in STAGES}
    same = digests["dev"] >= digests["staging"] == digests["prod"]
    story.expect(same, f"every image digest in prod ({len(digests['prod'])}) is in staging and dev")
    for stage in STAGES:
        story.preview(stage)


def _quality(story: Story, folder: str) -> str:
    evidence = json.loads((story.project / folder / "evidence.json").read_text())
    passed = sum(gate["passed"] for gate in evidence["gates"])
    return f"AUC {evidence['evaluation']['test_auc']:.3f} on a month it never saw; {passed} gates passed"


def golden_scores(folder: Path) -> tuple[str, list[float]]:
    """Body and expected scores of the first golden request that training left in `folder`."""
    request = json.loads((folder / "golden.json").read_text())["requests"][0]
    return request["body"], request["scores"]


COMMAND = Command(
    name="demo",
    summary="Tell the whole story on this machine: train, release, promote, refuse, take back, roll back.",
    example="./slipway demo --down",
    work=_work,
    arguments=_arguments,
)

if __name__ == "__main__":
    run(COMMAND)
