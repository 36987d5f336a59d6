"""Truth comes late, twice, wrong and before its rows; what it says of a release is the same in any order."""

import json
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from monitoring.operations import truth
from monitoring.operations.quality import Told, measure
from monitoring.operations.truth import again
from monitoring.quality.labels import Trouble
from monitoring.quality.reporting import Promised, Subject
from release.domain.errors import UsageError
from release.domain.quality_settings import QualitySettings
from tests.monitoring.quality.stream import (
    DAY,
    HOUR,
    RELEASE,
    answered,
    day_of,
    label,
    read_until,
    sources,
    told,
)
from tests.release.adapters.s3 import FakeS3

SETTINGS = QualitySettings(least_rows=1, least_slice_rows=1, settle_hours=36, slices=("origin",))
LATER = HOUR + DAY
NOW = HOUR + 3 * DAY


def look(s3: FakeS3, now: datetime = NOW, settings: QualitySettings = SETTINGS) -> Told:
    """One look at the bucket, when all hours before it are read."""
    read_until(s3, now)
    return measure(sources(s3), Subject("delays", RELEASE, now), settings, Promised(calibration=0.05))


def quarantined(s3: FakeS3) -> list[tuple[str, int]]:
    """Cause and line of all that lies in quarantine."""
    found = [body for key, body in s3.objects.items() if "/quarantine/" in key]
    lines = [json.loads(line) for body in found for line in body.splitlines()]
    return sorted((line["trouble"], line["line"]) for line in lines)


def test_labels_are_joined_by_inference_id_and_row() -> None:
    s3 = FakeS3()
    name = answered(s3, HOUR, [0.2, 0.6, 0.4], origin=["JFK", "EWR", "JFK"])
    told(s3, "a", [label(f"{name}#1", 1, LATER), label(name, 0, LATER)])
    found = look(s3).quality
    assert (found.rows, found.labelled) == (3, 2)
    assert found.calibration is not None
    assert found.calibration.newest == pytest.approx(0.4 - 0.5)
    assert found.scores_all == pytest.approx(0.4)
    assert [one.slice for one in found.slices] == ["origin=EWR", "origin=JFK"]


def test_a_file_is_read_once_and_one_that_is_written_anew_again() -> None:
    s3 = FakeS3()
    name = answered(s3, HOUR, [0.2, 0.6])
    told(s3, "a", [label(name, 0, LATER)])
    assert (look(s3).new, look(s3).new) == (1, 0)
    told(s3, "a", [label(name, 0, LATER), label(f"{name}#1", 1, LATER)])
    found = look(s3)
    assert (found.new, found.quality.labelled) == (1, 2)
    assert found.troubles == {Trouble.DUPLICATE: 1}


@pytest.mark.parametrize("order", ["ab", "ba"])
def test_the_label_that_was_observed_last_holds_in_whatever_order_they_come(order: str) -> None:
    s3 = FakeS3()
    name = answered(s3, HOUR, [0.2])
    labels = {"a": label(name, 0, LATER), "b": label(name, 1, LATER + timedelta(hours=1))}
    for count, which in enumerate(order, 2):
        moment = LATER + timedelta(hours=count)
        told(s3, which, [labels[which]], came=moment)
        assert look(s3, moment).quality.judged == ()
    found = look(s3).quality
    assert found.calibration is not None
    assert found.calibration.newest == pytest.approx(0.2 - 1)
    assert found.corrected == 1


def test_a_label_of_the_same_moment_needs_to_say_that_it_corrects() -> None:
    s3 = FakeS3()
    name = answered(s3, HOUR, [0.2, 0.2])
    told(s3, "a", [label(name, 0, LATER), label(f"{name}#1", 0, LATER)])
    later = [label(name, 1, LATER), label(f"{name}#1", 1, LATER, corrects=True)]
    told(s3, "b", later, came=LATER + timedelta(hours=1))
    found = look(s3)
    assert found.troubles == {Trouble.CONFLICT: 1}
    assert found.quality.calibration is not None
    assert found.quality.calibration.newest == pytest.approx(0.2 - 0.5)


def test_a_label_that_comes_before_its_row_waits_for_it() -> None:
    s3 = FakeS3()
    told(s3, "a", [label("request-030210", 1, LATER)])
    before = look(s3)
    assert (before.waiting, before.troubles) == (1, {})
    answered(s3, HOUR, [0.2])
    after = look(s3)
    assert (after.waiting, after.quality.labelled) == (0, 1)


def test_a_label_that_nobody_answered_is_named_after_its_time_and_read_again_on_request() -> None:
    s3 = FakeS3()
    uri = told(s3, "a", [label("request-030210", 1, LATER)])
    look(s3)
    found = look(s3, NOW + 4 * DAY)
    assert (found.waiting, found.troubles) == (0, {Trouble.UNKNOWN: 1})
    assert quarantined(s3) == [(Trouble.UNKNOWN, 1)]
    answered(s3, HOUR, [0.2])
    assert look(s3, NOW + 4 * DAY).quality.labelled == 0
    assert again(sources(s3), uri) == 1
    found = look(s3, NOW + 4 * DAY)
    assert (found.quality.labelled, found.troubles, quarantined(s3)) == (1, {}, [])


def test_what_is_no_label_is_counted_named_and_quarantined() -> None:
    s3 = FakeS3()
    name = answered(s3, HOUR, [0.2])
    lines = [
        label(name, 1, LATER),
        "{half",
        label("", 1, LATER),
        label(name, "perhaps", LATER),
        label(name, 1, NOW + DAY),
        label(name, 1, HOUR - DAY),
        label(name, 1, LATER),
        "[" * 5000,
    ]
    told(s3, "a", lines, came=LATER)
    s3.write("truth/b.jsonl", b"\xff\xfe\x00")
    s3.write("truth/c.csv", b"id,label\n1,2\n")
    s3.write("truth/d.xlsx", b"PK")
    assert look(s3).waiting == 1, "an earlier record of its id may still come"
    found = look(s3, NOW + 4 * DAY)
    assert found.troubles == {
        Trouble.LINE: 3,
        Trouble.OUTCOME: 1,
        Trouble.FUTURE: 1,
        Trouble.EARLY: 1,
        Trouble.DUPLICATE: 1,
        Trouble.FILE: 3,
    }
    assert found.quality.labelled == 1
    assert len(quarantined(s3)) == sum(found.troubles.values())


def test_csv_says_the_same_as_json() -> None:
    s3 = FakeS3()
    name = answered(s3, HOUR, [0.2, 0.4])
    s3.write(
        "truth/a.csv",
        f"outcome,inference_id,observed_at,corrects\r\n1,{name},{LATER.isoformat()},\r\n"
        f"0,{name}#1,2026-03-03 12:00:00,true\r\n1,short\r\n".encode(),
    )
    found = look(s3)
    assert (found.quality.labelled, found.troubles) == (2, {Trouble.LINE: 1})


def test_reading_all_again_changes_nothing() -> None:
    s3 = FakeS3()
    for day in range(3):
        day_of(s3, HOUR + day * DAY, 0.3, 0.3, rows=40)
    before = look(s3, NOW + DAY)
    assert again(sources(s3), "s3://bucket/truth/") == 3
    assert look(s3, NOW + DAY, SETTINGS) == replace(before, new=3)


def test_files_that_nobody_read_cannot_be_read_again() -> None:
    with pytest.raises(UsageError, match="s3://bucket/elsewhere"):
        again(sources(FakeS3()), "s3://bucket/elsewhere")


def test_labels_in_many_pieces_are_the_same_labels(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = []
    for at_once in (50_000, 7):
        monkeypatch.setattr(truth, "AT_ONCE", at_once)
        s3 = FakeS3()
        for day in range(3):
            day_of(s3, HOUR + day * DAY, 0.3, 0.3, rows=40)
        looks.append(look(s3, NOW + DAY))
    assert looks[0] == looks[1]


@pytest.mark.parametrize("dies_at", range(1, 9))
def test_a_process_that_dies_at_any_write_loses_no_label_and_counts_none_twice(dies_at: int) -> None:
    s3 = FakeS3()
    for day in range(2):
        day_of(s3, HOUR + day * DAY, 0.3, 0.3, rows=20)
    told(s3, "later", [label("nobody", 1, LATER), "{half"])
    s3.before_put = [_pass] * (dies_at - 1) + [_die]
    with pytest.raises(KeyboardInterrupt):
        look(s3, NOW + DAY)
    s3.before_put = []
    look(s3, NOW + DAY)
    found = look(s3, NOW + DAY)
    assert (found.quality.labelled, found.waiting, found.labels) == (40, 1, 41)
    assert found.troubles == {Trouble.LINE: 1}


def _pass(key: str, body: bytes) -> None:
    """Let a write through."""


def _die(key: str, body: bytes) -> None:
    raise KeyboardInterrupt


def test_a_release_whose_scores_are_right_does_not_alarm_and_one_whose_are_not_does() -> None:
    rules = QualitySettings()
    looks: dict[float, Told] = {}
    for score in (0.3, 0.6):
        s3 = FakeS3()
        for day in range(20):
            day_of(s3, HOUR + day * DAY, 0.3, score)
        looks[score] = look(s3, HOUR + 25 * DAY, rules)
    assert looks[0.3].quality.findings == ()
    [finding] = looks[0.6].quality.findings
    assert finding.subject == "calibration"
    assert finding.since == HOUR.replace(hour=0)
    assert finding.noticed <= HOUR + 8 * DAY
    assert "above the base rate" in finding.summary


def test_a_day_with_too_few_labels_is_not_judged_and_said() -> None:
    s3 = FakeS3()
    name = answered(s3, HOUR, [0.9] * 300)
    told(s3, "a", [label(f"{name}#{row}", 0, LATER) for row in range(100)])
    found = look(s3, settings=QualitySettings(least_rows=50)).quality
    assert found.calibration is None
    assert [(one.day, one.rows, one.labelled) for one in found.unjudged] == [(HOUR.date(), 300, 100)]


def test_truth_that_is_filled_in_judges_the_days_before_it_and_what_comes_later_changes_none() -> None:
    s3 = FakeS3()
    names = [answered(s3, HOUR + day * DAY, [0.2, 0.4]) for day in range(3)]
    known, filled = HOUR + 4 * DAY, HOUR + 9 * DAY
    assert look(s3, filled).quality.judged == ()
    told(s3, "a", [label(name, 0, known) for name in names], came=filled)
    assert look(s3, filled + DAY).quality.judged == ()
    before = look(s3, filled + 2 * DAY).quality
    assert len(before.judged) == 3
    told(s3, "b", [label(f"{name}#1", 1, known) for name in names], came=filled + 2 * DAY)
    told(s3, "c", [label(name, 1, known + DAY) for name in names], came=filled + 2 * DAY)
    after = look(s3, filled + 3 * DAY).quality
    assert (after.calibration, after.slices) == (before.calibration, before.slices)
    assert (after.labelled, after.late, after.corrected) == (6, 3, 3)
    assert after.gap == pytest.approx(0.3 - 1)
