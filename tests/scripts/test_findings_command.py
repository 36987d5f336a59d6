"""`./slipway findings` over fakes: what is open, as text, closed with a reason, and sent."""

import json

import pytest

from scripts import findings
from scripts.shared import cli
from tests.fakes.findings import Stage, finding
from tests.release.scenes import serving


@pytest.fixture
def stage(monkeypatch):
    found = Stage(serving())
    monkeypatch.setattr("monitoring.connect.room", lambda tell, name: found.room)
    return found


@pytest.fixture
def run(capsys):
    def one(*argv: str):
        return cli.execute(findings.COMMAND, ["prod", *argv]), *capsys.readouterr()

    return one


def test_what_is_open_is_listed_and_what_was_closed_on_request(stage, run):
    stage.note(1, 2)
    name = finding(release=stage.live).id
    code, out, _ = run()
    assert code == 0
    assert all(word in out for word in (name, "quality of calibration", "The calibration error is 0.081"))
    code, out, _ = run("--close", name, "--because", "a holiday")
    assert (code, stage.ear.said) == (0, ["Opened", "Closed"])
    assert f"{name} is closed" in out
    assert "nothing is open in prod" in run()[1]
    assert "by person arn:aws:iam::123456789012:user/ann: a holiday" in " ".join(run("--all")[1].split())


def test_for_machines_what_was_closed_is_the_finding_and_what_was_told_is_values(stage, run):
    stage.note(1)
    name = finding(release=stage.live).id
    told = json.loads(run("--close", name, "--because", "a holiday", "--json")[1])
    assert (told["closed"]["id"], told["closed"]["open"], told["dismissed"]) == (name, False, [name])
    stage.note(2, release="0c77e1d2ab93")
    told = json.loads(run("--send", "--json")[1])
    assert told["closed"] == [finding(release="0c77e1d2ab93").id], "another release is live"


def test_without_a_reason_or_with_a_wrong_id_nothing_is_closed(stage, run):
    stage.note(1)
    assert run("--close", finding(release=stage.live).id)[0] == 2
    code, _, err = run("--close", "nothing", "--because", "x")
    assert (code, len(stage.shelf.findings.open())) == (2, 1)
    assert "./slipway findings" in err


def test_one_is_told_as_text_and_as_the_event_that_retrain_takes(stage, run):
    stage.note(1)
    name = finding(release=stage.live).id
    assert run("--text", name)[1].startswith("## prod: quality of calibration at delays")
    assert json.loads(run("--event", name)[1])["detail"]["finding"] == name


def test_what_could_not_be_sent_is_sent_when_it_can_be(stage, run):
    stage.ear.deaf = True
    stage.note(1)
    code, out, _ = run("--send")
    assert code == 4
    assert "! events: EventBridge does not answer." in out
    stage.ear.deaf = False
    assert run("--send")[0] == 0
    assert stage.ear.said == ["Opened"]


def test_for_machines_findings_are_one_line(stage, run):
    stage.note(1)
    found = json.loads(run("--json")[1])["findings"][0]
    assert (found["id"], found["open"], found["finding"]["kind"]) == (
        finding(release=stage.live).id,
        True,
        "quality",
    )
