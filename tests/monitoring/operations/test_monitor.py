"""The hours of captured records are read, each once; what cannot be read is counted and kept by name."""

import re
from datetime import timedelta
from pathlib import Path

import pytest

from monitoring.counts import Counted
from monitoring.operations.monitor import Reading
from monitoring.records.periods import served
from monitoring.records.troubles import Trouble
from release.domain.errors import UsageError
from release.domain.ledger import Closed, End, Entered, Opened, Phase, Subject
from release.domain.pins import Pins, RolloutSettings
from tests.monitoring.captured import HOUR, ROW, SCHEMA, Scene, line, reading_release, rows, scores
from tests.release.scenes import ENDPOINT

NEXT = HOUR + timedelta(hours=1)
PAGE = Path(__file__).parents[3] / "docs" / "monitoring.md"


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_an_hour_becomes_counts_of_each_column_and_a_table_of_rows(scene):
    other = {"carrier": "ZZ", "distance": 29.5, "gust": 2.0}
    scene.capture(line(rows(ROW, other), scores(0.01, 0.99), "a"), line(rows(ROW), scores(0.02), "b"))
    found = scene.monitor()
    [record, empty] = found.read
    [counted] = record.counts
    assert (counted.release, counted.variant) == (scene.pin.release, "live")
    assert (counted.rows, counted.requests) == (3, 2)
    assert counted.columns["carrier"] == Counted((0, 0, 2), unseen=1)
    assert counted.columns["gust"].missing == 2
    assert counted.columns["distance"].rows == counted.columns["score"].rows == 3
    assert (counted.columns["distance"].low, counted.columns["distance"].high) == (7.0, 29.5)
    assert not counted.troubles
    [table] = record.tables
    assert (table.rows, scene.kept("rows")) == (3, [table.key])
    assert (empty.hour, empty.rows, empty.counts[0].rows) == (NEXT, 0, 0)


def test_every_hour_is_read_once_and_finding_the_new_ones_costs_the_same_however_many_are_done(scene):
    scene.capture(line(rows(ROW), scores(0.1), "a"))
    scene.at(HOUR + timedelta(hours=30))
    assert len(scene.monitor().read) == 29
    assert not scene.monitor().read
    costs = []
    for hours in (31, 101):
        scene.at(HOUR + timedelta(hours=hours))
        scene.monitor()
        scene.s3.calls.clear()
        scene.monitor()
        costs.append(scene.s3.calls["list"])
    assert costs[0] == costs[1]


def test_an_hour_more_and_nothing_new_cost_the_calls_of_s3_that_the_page_tells(scene):
    costs = []
    for hour in (0, 0, 1, 1, 2, 2):
        at = HOUR + timedelta(hours=hour)
        scene.capture(line(rows(ROW), scores(0.1), "a", at), hour=at, name=f"{hour}")
        scene.s3.calls.clear()
        records = scene.records
        reading = Reading(records, served([], ENDPOINT, scene.pin), scene.told)
        reading.new(records.watermark() or HOUR, at + timedelta(hours=1))
        costs.append(scene.s3.calls.total())
    told = _told("An hour more of one capture file costs {} calls of S3")
    assert costs == [told, _told("that nothing is new {} calls")] * 3


def test_an_hour_that_is_not_over_is_waited_for(scene):
    scene.capture(line(rows(ROW), scores(0.1), "a"))
    scene.at(HOUR + timedelta(minutes=79))
    assert not scene.monitor().read
    scene.at(HOUR + timedelta(minutes=80))
    assert [record.hour for record in scene.monitor().read] == [HOUR]


def test_of_two_processes_that_read_the_same_hour_one_keeps_it(scene):
    scene.capture(line(rows(ROW), scores(0.1), "a"))
    scene.at(NEXT + timedelta(minutes=30))
    mine = scene.records
    scene.s3.before_put.append(lambda key, body: scene.monitor())
    served = _served(scene)
    assert mine.read(HOUR, served) is None
    assert len(scene.kept("hours")) == len(scene.kept("rows")) == 1


def _served(scene):
    from monitoring.records.periods import served

    return served([], ENDPOINT, scene.pin)


def test_a_file_that_comes_for_an_hour_that_was_read_is_named_and_read_on_request(scene):
    scene.capture(line(rows(ROW), scores(0.1), "a"))
    scene.monitor()
    key = scene.capture(line(rows(ROW), scores(0.2), "b"), name="late")
    found = scene.monitor()
    assert (found.late, found.read) == ({HOUR: [f"s3://kept/{key}"]}, ())
    again = scene.monitor(late=True)
    assert [record.rows for record in again.read] == [2]
    assert not scene.monitor().late
    assert len(scene.kept("rows")) == 1


def test_an_endpoint_that_captures_nothing_is_an_error_and_no_empty_hour(scene):
    settings = scene.stage.file.endpoints[ENDPOINT]
    pin = scene.pin.model_copy(update={"capture": None})
    scene.stage.file.endpoints[ENDPOINT] = settings.model_copy(update={"live": pin})
    with pytest.raises(UsageError, match="captures nothing"):
        scene.monitor()


def test_two_releases_with_other_schemas_in_one_hour_are_counted_apart(scene):
    """One took the other's place in the middle of the hour: a minute around that is nobody's."""
    schema = {
        **SCHEMA,
        "features": [*SCHEMA["features"], {"name": "new", "kind": "number", "nullable": True}],
    }
    old, new = scene.pin, reading_release(scene.stage, 8, schema)
    settings = scene.stage.file.endpoints[ENDPOINT]
    scene.stage.file.endpoints[ENDPOINT] = settings.model_copy(update={"live": new, "previous": old})
    subject = Subject(kind="promote", endpoint=ENDPOINT, release=new.release, rollout="r")
    rollout = RolloutSettings(strategy="all-at-once")
    for minute, what in (
        (10, Opened(before=Pins(live=old), after=Pins(live=new, previous=old), rollout=rollout)),
        (20, Entered(event=Phase.MOVING)),
        (30, Entered(event=Phase.VERIFYING)),
        (40, Closed(event=End.LANDED)),
    ):
        scene.at(HOUR + timedelta(minutes=minute))
        scene.stage.ledger.append(subject, what)
    scene.at(HOUR + timedelta(hours=1, minutes=30))
    scene.capture(
        *(line(rows(ROW), scores(0.1), f"{minute}", HOUR + timedelta(minutes=minute)) for minute in (5, 25)),
        *(line(rows(ROW | {"new": 7}), scores(0.1), f"n{n}", HOUR + timedelta(minutes=50)) for n in range(2)),
    )
    [record] = scene.monitor().read
    by_release = {counted.release: counted for counted in record.counts}
    assert {release: counted.rows for release, counted in by_release.items()} == {
        old.release: 1,
        new.release: 2,
    }
    assert "new" not in by_release[old.release].columns
    assert record.troubles == {Trouble.SWITCH.value: 1}
    assert len(record.tables) == 2


def _told(words: str) -> int:
    """The figure in these words of docs/monitoring.md."""
    found = re.search(words.format(r"(\d+)"), " ".join(PAGE.read_text().split()))
    assert found, words
    return int(found[1])
