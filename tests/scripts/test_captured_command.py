"""`./slipway captured` over fakes: a ✓ stands only where something was compared."""

import json
from datetime import timedelta

import pytest

from release.domain.ledger import Closed, End, Opened, Subject
from release.domain.pins import Pins
from scripts import captured
from scripts.shared import cli
from tests.fakes.findings import Stage
from tests.monitoring.captured import HOUR, Scene
from tests.monitoring.operations.test_looks import Counts
from tests.release.scenes import ENDPOINT


@pytest.fixture
def scene(monkeypatch):
    found = Scene()
    stage = Stage(found.stage)
    monkeypatch.setattr("monitoring.connect.room", lambda tell, name: stage.room)
    monkeypatch.setattr("tests.fakes.findings.Shelf.now", lambda shelf: HOUR + timedelta(minutes=150))
    return found


@pytest.fixture
def run(scene, monkeypatch, capsys):
    def one(counts: Counts, *argv: str):
        monkeypatch.setattr("monitoring.connect.capture_counts", lambda ports: counts)
        code = cli.execute(captured.COMMAND, ["prod", "--hours", "4", *argv])
        out, err = capsys.readouterr()
        return code, " ".join(out.split()), " ".join(err.split())

    return one


def changed(scene: Scene, hours: int, *captures) -> None:
    """The release's capture changed so many hours after the scene's first, from one of these to the next."""
    pins = [scene.pin.model_copy(update={"capture": one}) for one in captures]
    subject = Subject(kind="apply", endpoint=ENDPOINT, release=scene.pin.release, rollout="r")
    scene.stage.ledger.now = lambda: HOUR + timedelta(hours=hours, minutes=10)
    scene.stage.ledger.append(subject, Opened(before=Pins(live=pins[0]), after=Pins(live=pins[1])))
    scene.stage.ledger.append(subject, Closed(event=End.LANDED))
    settings = scene.stage.file.endpoints[ENDPOINT]
    scene.stage.file.endpoints[ENDPOINT] = settings.model_copy(update={"live": pins[1]})


def test_where_all_records_are_there_it_says_so(run):
    code, out, _ = run(Counts({0: 100, 1: 50}, {}))
    assert (code, out) == (0, "✓ nothing is missing: 150 answers and 150 records of delays")


def test_missing_records_need_a_person(run):
    code, out, _ = run(Counts({0: 100}, {0: 7}))
    assert (code, "7 of 100 are missing" in out, "✓" in out) == (3, True, False)


def test_where_no_answer_was_given_nothing_is_verified_and_nobody_is_needed(run):
    code, out, _ = run(Counts({}, {}))
    assert (code, out) == (
        0,
        "no answer was given in 4 hours, so there was nothing to compare: 0 answers and 0 records of delays",
    )


def test_records_of_which_no_answer_was_counted_verify_nothing(run):
    code, out, _ = run(Counts({0: 0}, {0: -30}))
    assert (code, "SageMaker counted no answer, so nobody knows" in out, "✓" in out) == (3, True, False)


def test_where_no_hour_can_be_compared_a_person_is_needed(scene, run):
    changed(scene, 1, None, scene.pin.capture)
    code, out, _ = run(Counts({0: 100, 1: 50}, {}), "--json")
    found = json.loads(out)
    assert (code, found["hours"], len(found["apart"])) == (3, 0, 4)
    code, out, _ = run(Counts({0: 100, 1: 50}, {}))
    assert (code, "no hour could be compared, so nobody knows" in out, "✓" in out) == (3, True, False)


def test_an_endpoint_that_captures_nothing_is_refused(scene, run):
    changed(scene, -9, scene.pin.capture, None)
    code, _, err = run(Counts({0: 100}, {}))
    assert (code, "captures nothing" in err) == (2, True)


def test_what_was_captured_before_the_capture_was_ended_is_compared(scene, run):
    changed(scene, 1, scene.pin.capture, None)
    code, out, _ = run(Counts({0: 100}, {0: 3}))
    assert (code, "3 of 100 are missing" in out) == (3, True)
