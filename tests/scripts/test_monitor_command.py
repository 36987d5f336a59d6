"""`./slipway monitor` over fakes: what it says, and what it ends with."""

import json
from datetime import timedelta

import pytest

from scripts import monitor
from scripts.shared import cli
from tests.fakes.findings import Stage
from tests.monitoring.captured import HOUR, ROW, Scene, line, rows, scores
from tests.monitoring.operations.test_deciding import fill


@pytest.fixture
def scene(monkeypatch):
    found = Scene()
    room = Stage(found.stage).room
    monkeypatch.setattr("monitoring.connect.room", lambda tell, name: room)
    monkeypatch.setattr("monitoring.connect.captured", lambda ports, endpoint: found.records)
    monkeypatch.setattr("tests.fakes.findings.Shelf.now", lambda shelf: HOUR + timedelta(minutes=150))
    return found


@pytest.fixture
def run(capsys):
    def one(*argv: str):
        return cli.execute(monitor.COMMAND, ["prod", *argv]), *capsys.readouterr()

    return one


def test_hours_are_read_and_what_cannot_be_told_yet_is_said(scene, run):
    fill(scene, 0, 2)
    code, out, err = run()
    assert code == 0
    assert "2 hours of delays in prod read, up to 2026-01-01 14h: 600 rows" in " ".join(out.split())
    assert "not known: No whole day is counted yet" in " ".join(out.split())
    assert "✓" not in out, "it is too early to say that nothing has drifted"
    assert "2026-01-01 12h 1 of 2: 300 rows" in err
    code, out, _ = run("--json")
    found = json.loads(out)
    assert (code, found["hours"], found["findings"]) == (0, [], [])


def test_records_that_say_nothing_need_a_person(scene, run):
    scene.capture(line(rows(ROW), scores(0.5), "a"), b"half")
    code, out, _ = run()
    assert code == 3
    words = " ".join(out.split())
    assert "1 records say nothing, and were set aside" in words
    assert "capture captured line that is no record" in words


def test_late_files_are_named_with_the_command_that_reads_them(scene, run):
    fill(scene, 0, 2)
    run()
    scene.capture(line(rows(ROW), scores(0.5), "late"), name="late")
    code, out, _ = run()
    assert "1 files came late for 2026-01-01T12: ./slipway monitor prod --endpoint delays --late" in " ".join(
        out.split()
    )
    code, out, _ = run("--late", "--json")
    assert (code, json.loads(out)["hours"][0]["rows"]) == (0, 301)


def test_one_hour_is_read_again_on_request_and_none_that_is_not_over(scene, run):
    fill(scene, 0, 2)
    run()
    code, out, _ = run("--again", "2026-01-01T12", "--json")
    assert (code, [one["hour"] for one in json.loads(out)["hours"]]) == (0, ["2026-01-01T12:00:00+00:00"])
    code, _, err = run("--again", "2026-01-01T14")
    assert (code, "is not complete" in err) == (2, True)


def test_what_is_no_hour_is_refused(run):
    with pytest.raises(SystemExit) as end:
        run("--since", "noon")
    assert end.value.code == 2
