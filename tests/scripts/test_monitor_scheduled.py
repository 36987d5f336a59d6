"""`./slipway monitor STAGE --scheduled` over fakes: every endpoint that is captured, red for news alone."""

import json
from datetime import timedelta

import pytest

from release.domain.errors import ServiceError, UsageError
from release.domain.pins import EndpointSettings
from scripts import monitor
from scripts.shared import cli
from tests.fakes.findings import Stage
from tests.monitoring.captured import HOUR, ROW, Scene, line, rows, scores
from tests.monitoring.operations.test_deciding import fill
from tests.release.scenes import ENDPOINT


class Life:
    """The scene's stage, and what a schedule does there, hour by hour."""

    def __init__(self, scene: Scene, stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
        self.scene, self.stage = scene, stage
        self._capsys = capsys
        self.deaf_to: set[str] = set()
        self.lost: set[str] = set()

    def records(self, ports, endpoint: str):
        """What is captured; of some endpoints S3 does not say it."""
        if endpoint in self.lost:
            raise UsageError("Its manifest is gone.", "Nothing was read.", "Release it anew.")
        if endpoint in self.deaf_to:
            raise ServiceError("S3 does not answer.", "Nothing was read.", "Run it again.")
        return self.scene.records

    def at(self, hours: float) -> None:
        """So many hours after the first one began, as its records are complete."""
        passed = HOUR + timedelta(hours=hours, minutes=30) - self.stage.shelf.now()
        self.stage.shelf.hours += passed / timedelta(hours=1)

    def capture(self, hours: int) -> None:
        """A record and half a one, so many hours after the first one; the hour is complete."""
        at = HOUR + timedelta(hours=hours)
        self.scene.capture(line(rows(ROW), scores(0.5), f"{hours}", at), b"half", hour=at)
        self.at(hours + 1)

    def look(self, *argv: str):
        """One look: the exit code, its words in one line, and its values."""
        code = cli.execute(monitor.COMMAND, ["prod", "--scheduled", *argv])
        return code, " ".join(self._capsys.readouterr().out.split())

    def values(self, *argv: str):
        """One look's exit code and values."""
        code, out = self.look("--json", *argv)
        return code, json.loads(out)


@pytest.fixture
def life(monkeypatch, capsys) -> Life:
    scene = Scene()
    found = Life(scene, Stage(scene.stage, over_hours=1), capsys)
    found.at(2)
    monkeypatch.setattr("monitoring.connect.room", lambda tell, name: found.stage.room)
    monkeypatch.setattr("monitoring.connect.captured", found.records)
    return found


def test_what_is_found_is_red_once_and_listed_for_as_long_as_it_is_open(life):
    life.scene.capture(line(rows(ROW), scores(0.5), "a"), b"half")
    code, found = life.values()
    assert (code, found["news"], len(found["open"])) == (3, 1, 1)
    for hour in (3, 4):
        life.capture(hour)
        code, said = life.look()
        assert (code, "capture captured line that is no record" in said) == (0, True)
        assert "open findings in prod: 1, told of now: 0" in said
    assert life.stage.ear.said == ["Opened"], "as often as others are told"
    life.capture(5)
    assert cli.execute(monitor.COMMAND, ["prod"]) == 3, "a person who asks is told that it holds"


def test_what_was_opened_and_not_told_of_is_red_when_it_is(life):
    life.scene.capture(line(rows(ROW), scores(0.5), "a"), b"half")
    life.stage.ear.deaf = True
    code, found = life.values()
    assert (code, found["untold"]) == (4, {"events": "EventBridge does not answer."})
    life.stage.ear.deaf = False
    assert life.look()[0] == 3
    assert life.look()[0] == 0


def test_an_hour_that_was_left_out_is_red_for_as_long_as_nothing_after_it_is_decided(life):
    fill(life.scene, 0, 2)
    life.look("--until", "2026-01-01T13")
    life.at(4)
    for _ in range(2):
        assert life.look("--since", "2026-01-01T14")[0] == 3
    assert life.look()[0] == 0


def test_a_finding_that_is_over_is_no_news(life):
    life.scene.capture(line(rows(ROW), scores(0.5), "a"), b"half")
    life.look()
    fill(life.scene, 2, 5)
    life.at(5)
    code, found = life.values()
    assert (code, found["news"], found["open"]) == (0, 0, [])
    assert life.stage.ear.said == ["Opened", "Closed"]


def test_where_nothing_is_captured_there_is_nothing_to_look_at_and_nobody_is_asked(life):
    file = life.scene.stage.file
    live = file.endpoints[ENDPOINT].pins.live
    file.endpoints = {
        "served": EndpointSettings(live=live.model_copy(update={"capture": None})),
        "empty": EndpointSettings(),
    }
    life.stage.shelf.trouble.calls.clear()
    code, said = life.look()
    assert code == 0
    assert "served in prod was not looked at: it captures nothing" in said
    assert "empty in prod was not looked at: it serves nothing" in said
    assert life.stage.shelf.trouble.calls == [], "its bucket may not be there"


def test_an_endpoint_that_cannot_be_looked_at_keeps_no_other_one_from_it(life):
    fill(life.scene, 0, 2)
    file = life.scene.stage.file
    file.endpoints = {"another": file.endpoints[ENDPOINT], **file.endpoints}
    life.deaf_to = {"another"}
    code, found = life.values()
    assert (code, found["failed"]) == (4, {"another": "S3 does not answer."})
    assert [(one["endpoint"], len(one["hours"])) for one in found["looks"]] == [(ENDPOINT, 2)]
    assert "another in prod could not be looked at: S3 does not answer. Run it again." in life.look()[1]


def test_a_bus_that_does_not_answer_ends_with_4_also_beside_an_endpoint_that_is_set_up_wrong(life):
    life.scene.capture(line(rows(ROW), scores(0.5), "a"), b"half")
    file = life.scene.stage.file
    file.endpoints = {"another": file.endpoints[ENDPOINT], **file.endpoints}
    life.lost, life.stage.ear.deaf = {"another"}, True
    assert life.look()[0] == 4
    life.stage.ear.deaf = False
    assert life.look()[0] == 2


@pytest.mark.parametrize(
    "beside", [("--endpoint", "delays"), ("--retrain",), ("--report", "x"), ("--again", "2026-01-01T12")]
)
def test_what_is_about_one_endpoint_is_refused_beside_it(life, beside):
    fill(life.scene, 0, 2)
    assert life.look(*beside)[0] == 2
    assert life.scene.kept("hours") == []
