"""The replay tells the same numbers at every run, of the flights that were asked for, in their own time."""

import base64
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest

from bench.monitoring.replay import days, records, report
from bench.monitoring.replay.days import Release
from bench.monitoring.replay.flights import Hour, hours, truth
from bench.monitoring.replay.retraining import Retrained
from model.service.features import FEATURES
from model.service.service import SERVICE
from model.training.reference.profile import profile
from monitoring.drift import reference
from monitoring.quality.reporting import Promised
from tests.release.adapters.s3 import FakeS3

FIRST, COUNT = date(2013, 9, 1), 4
RELEASE = "abcabcabcabc"


def flights(first: date, count: int, seed: int) -> pd.DataFrame:
    """Some flights a day at two hours, a third of them late."""
    random = np.random.default_rng(seed)
    departures = pd.date_range(first, periods=count, freq="D", tz="UTC").repeat(300)
    rows = len(departures)
    columns: dict[str, Any] = {
        one.name: random.choice(["AA", "UA", "EV"], rows)
        if one.kind == "category"
        else random.normal(50, 9, rows)
        for one in FEATURES
    }
    frame = pd.DataFrame(columns)
    hour = pd.to_timedelta(np.arange(rows) % 2 * 5 + 12, unit="h")
    return frame.assign(
        month=first.month,
        departure=departures + hour,
        carrier=frame["carrier"],
        flight=np.arange(rows),
        late=(random.random(rows) < 0.33).astype("int64"),
    )


def score(rows: pd.DataFrame) -> np.ndarray:
    """What the model answers."""
    return np.asarray(1 / (1 + np.exp(-(rows["temp"].astype(float) - 60) / 10)))


def captured(found: list[Hour]) -> Iterator[bytes]:
    """What SageMaker keeps of the requests, in another order than they were sent, and a golden one."""
    for hour in reversed(found):
        answer = json.dumps({"predictions": score(hour.rows).tolist()}).encode()
        yield _line(hour.name, hour.body(), answer)
    yield _line("slipway", b"{}", b"{}")


def _line(name: str, request: bytes, answer: bytes) -> bytes:
    sides = {
        side: {"data": base64.b64encode(body).decode(), "encoding": "BASE64"}
        for side, body in (("endpointInput", request), ("endpointOutput", answer))
    }
    about = {"eventId": name, "inferenceId": name, "inferenceTime": "2026-11-30T00:00:00Z"}
    return json.dumps({"captureData": sides, "eventMetadata": about, "eventVersion": "0"}).encode()


@pytest.fixture(scope="module")
def release() -> Release:
    """A release with the reference of a season before."""
    table = flights(date(2013, 6, 1), 28, seed=1)
    return Release(RELEASE, Promised(0.05, 0.6, 0.33), reference.read(profile(SERVICE, table, score)))


def replayed(release: Release) -> dict[str, Any]:
    """All of it, but the endpoint."""
    found = hours(flights(FIRST, COUNT, seed=2), FIRST, COUNT)
    answered = list(records.read(captured(found)))
    looks = days.look(FakeS3(), "bucket", release, answered, truth(found))
    return report.told(looks, [Retrained(9, "everything so far", 1, 8, 0.7, 0.01, 0.004, 0.02)])


@pytest.fixture(scope="module")
def first(release: Release) -> dict[str, Any]:
    """What a first run tells."""
    return replayed(release)


def test_two_runs_tell_the_same_numbers_and_write_the_same_page(
    release: Release, first: dict[str, Any]
) -> None:
    second = replayed(release)
    assert first == second
    assert report.page(first) == report.page(second)
    assert report.page(first).count("<svg") == 1


def test_all_labels_find_their_rows_and_the_corrected_ones_are_corrected(first: dict[str, Any]) -> None:
    found = first
    assert found["labels"]["waiting"] == 0
    assert found["labels"]["troubles"] == {}
    [month] = found["months"]
    assert month["labelled"] == COUNT * 300
    told = [
        len(list(hour.labels())) - len(hour.rows)
        for hour in hours(flights(FIRST, COUNT, seed=2), FIRST, COUNT)
    ]
    assert month["corrected"] == sum(told) > 0
    truths = flights(FIRST, COUNT, seed=2)["late"].mean()
    assert month["base_rate"] == pytest.approx(truths, abs=1e-6)


def test_a_row_stands_in_the_hour_of_its_flight_and_not_in_that_of_the_answer() -> None:
    found = hours(flights(FIRST, COUNT, seed=2), FIRST, COUNT)
    answered = list(records.read(captured(found)))
    assert {one.hour for one in answered} == {one.begin for one in found}
    assert min(one.hour for one in answered) == datetime(2013, 9, 1, 12, tzinfo=UTC)
