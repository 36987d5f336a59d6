"""An experiment is looked at: places are read, joined, judged, and the report is kept beside it."""

import json
from datetime import timedelta

import pytest

from monitoring.experiments import joining
from monitoring.experiments.assignment import arm
from monitoring.experiments.reading import Line
from monitoring.hours import HOUR, hour_of
from monitoring.operations import experiments
from monitoring.operations.experiments import Places
from release.domain.captured_records import RecordsSettings
from release.operations.experiment import running, stop
from tests.fakes.world import FakeWorld
from tests.fakes.world import Told as Heard
from tests.release.operations.experiments import ASKED, begun, ended, stages

KEYS = 4_000
GOLDEN_RATIO = 0.618034
"""Its multiples are spread evenly, so that rates are what they are said to be."""


@pytest.fixture
def prod():
    return stages()[1]


@pytest.fixture
def world(prod):
    return FakeWorld(stages()[0], prod)


def written(found, rate):
    """Exposures and outcomes of keys, those of the candidate with this rate and live's with the base."""
    places = {"exposures": [], "outcomes": []}
    for number in range(KEYS):
        key = f"user-{number}"
        variant = arm(found.id, key, ASKED.percent)
        at = found.begun + timedelta(minutes=1 + number % 600)
        places["exposures"].append({"key": key, "variant": variant, "at": at.isoformat()})
        if number * GOLDEN_RATIO % 1 < (rate if variant == "candidate" else ASKED.base):
            came = {"key": key, "value": 1, "at": (at + timedelta(hours=1)).isoformat()}
            places["outcomes"].append(came)
    return places


def reader(places, asked):
    """Reads what was written; a place is known by its last folder."""

    def read(place):
        asked.append(place)
        for number, value in enumerate(places[place.rstrip("/").rpartition("/")[2]], start=1):
            yield Line(f"{place}a.jsonl", number, json.dumps(value).encode())

    return read


def test_what_callers_left_in_the_stages_bucket_is_what_it_shows(world, prod):
    found, asked = begun(world), []
    read = reader(written(found, 0.40), asked)
    assert experiments.look(world, found, Places(), read).result.shows == "undecided"
    prod.clock.sleep(50 * 3600)
    report = experiments.look(world, found, Places(), read)
    assert asked[:2] == [
        f"s3://slipway-prod/experiments/{found.id}/exposures/",
        f"s3://slipway-prod/experiments/{found.id}/outcomes/",
    ]
    assert (report.result.shows, sum(report.result.exposed)) == ("better", KEYS)
    assert experiments.keep(world, report) == (
        f"s3://bucket/rollouts/{found.id}/experiment.html",
        f"s3://bucket/rollouts/{found.id}/experiment.md",
    )
    assert b"better" in prod.evidence.reports[found.id, "experiment.md"]


def test_other_places_are_read_instead_each_of_them(world):
    found, asked = begun(world), []
    places = Places(("x/exposures", "y/exposures"), ("z/outcomes",))
    report = experiments.look(world, found, places, reader(written(found, 0.245), asked))
    assert asked == ["x/exposures", "y/exposures", "z/outcomes"]
    assert report.result.shows == "undecided"


def test_after_it_has_ended_it_is_looked_at_as_before_and_nothing_later_counts(world, prod):
    found = begun(world)
    places = written(found, 0.40)
    prod.clock.sleep(50 * 3600)
    stop(world, "prod", None, ended("candidate"), Heard())
    late = found.begun + timedelta(hours=60)
    places["exposures"].append({"key": "user-9999", "variant": "live", "at": late.isoformat()})
    prod.clock.sleep(50 * 3600)
    report = experiments.look(world, running(world, "prod", None), Places(), reader(places, []))
    assert (report.result.shows, sum(report.result.exposed)) == ("better", KEYS)
    assert report.result.troubles.counts == {joining.UNTIMELY: 1}
    assert "two points" in report.compared.end


def test_what_comes_within_the_grace_of_captured_records_is_counted_once(world, prod):
    """An hour is whole by the rule of `monitor`: `monitoring.records.grace_minutes` after its end."""
    found = begun(world)
    hour = hour_of(found.begun) + HOUR
    end = hour + HOUR + timedelta(hours=ASKED.within_hours)
    grace = timedelta(minutes=RecordsSettings().grace_minutes)
    first, late = [
        {"key": key, "variant": arm(found.id, key, ASKED.percent), "at": (hour + HOUR / 2).isoformat()}
        for key in ("user-1", "user-2")
    ]
    places = {"exposures": [first], "outcomes": []}

    def looked(at):
        prod.clock.sleep((at - prod.clock.now()).total_seconds())
        return experiments.look(world, found, Places(), reader(places, [])).result

    before = looked(end + timedelta(minutes=1))
    assert (sum(before.exposed), before.waits) == (0, 1), "a file of that hour may still come"
    places["exposures"] += [late, first]
    places["outcomes"].append({"key": "user-2", "value": 1, "at": (end - HOUR).isoformat()})
    after = looked(end + grace)
    assert (sum(after.exposed), sum(after.yes), after.waits) == (2, 1, 0)
    assert not after.troubles.counts
