"""An experiment is looked at: places are read, joined, judged, and the report is kept beside it."""

import gzip
import json
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from monitoring import rows
from monitoring.experiments import joining, reading
from monitoring.experiments.assignment import arm, inference_id
from monitoring.experiments.joining import Exposure, Troubles
from monitoring.experiments.reading import Line
from monitoring.hours import HOUR, hour_of
from monitoring.operations import experiments
from monitoring.operations.experiments import Places
from monitoring.storage.told import Told
from release.domain.captured_records import RecordsSettings
from release.domain.errors import UsageError
from release.operations.experiment import running, stop
from tests.fakes.world import FakeWorld
from tests.fakes.world import Told as Heard
from tests.release.adapters.s3 import FakeS3
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
            yield Line(f"{place}a.jsonl", number, json.dumps(value))

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


class TestPlaces:
    def test_a_folder_is_read_file_by_file_unpacked_and_nothing_else_in_it(self, tmp_path):
        (tmp_path / "b").mkdir()
        (tmp_path / "b/2.jsonl").write_text("3\n")
        (tmp_path / "1.csv.gz").write_bytes(gzip.compress(b"1\n2\n"))
        (tmp_path / "notes.txt").write_text("no")
        read = Told(None).lines(str(tmp_path))
        assert [(line.place.removeprefix(f"{tmp_path}/"), line.number, line.text) for line in read] == [
            ("1.csv.gz", 1, "1\n"),
            ("1.csv.gz", 2, "2\n"),
            ("b/2.jsonl", 1, "3\n"),
        ]

    def test_a_place_that_is_not_there_is_refused(self, tmp_path):
        with pytest.raises(UsageError, match="no file or folder"):
            list(Told(None).lines(str(tmp_path / "none")))

    def test_a_prefix_with_nothing_under_it_has_no_lines(self):
        assert list(Told(FakeS3()).lines("s3://bucket/experiments/x/")) == []

    def test_rows_of_captured_records_are_read_from_their_tables(self, tmp_path):
        at = datetime(2026, 11, 1, 1, tzinfo=UTC)
        columns = {
            rows.INFERENCE: [inference_id("3f2a9c01d4e7", "user-1"), None],
            rows.VARIANT: ["candidate", "live"],
            rows.AT: pa.array([at, at], pa.timestamp("ms", "UTC")),
            rows.SCORE: [0.1, 0.2],
        }
        pq.write_table(pa.table(columns), tmp_path / "a.parquet")
        troubles = Troubles()
        found = list(reading.exposures(Told(None).lines(str(tmp_path)), troubles))
        assert found == [
            Exposure("user-1", "candidate", at, "3f2a9c01d4e7"),
            Exposure(None, "live", at),
        ]
        assert not troubles.counts

    def test_a_table_of_something_else_is_refused(self, tmp_path):
        pq.write_table(pa.table({"x": [1]}), tmp_path / "a.parquet")
        with pytest.raises(UsageError, match="is no table of captured rows"):
            list(Told(None).lines(str(tmp_path)))
        (tmp_path / "a.parquet").write_bytes(b"garbage")
        with pytest.raises(UsageError, match="is no table of captured rows"):
            list(Told(None).lines(str(tmp_path)))
