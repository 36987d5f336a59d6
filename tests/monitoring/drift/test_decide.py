"""What counted hours come to: nothing where there is no drift, and each kind of drift by its own name."""

import dataclasses
from datetime import timedelta
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.counts import SCORE, HourCounts
from monitoring.drift.decide import Decision, decide, new
from monitoring.drift.reference import Reference, UnusableReference
from monitoring.drift.state import from_json
from monitoring.finding import Finding
from release.domain.drift import DriftSettings
from tests.examples import examples
from tests.monitoring.drift.streams import A_DAY, BEGIN, RELEASE, Change, biased, days, its_reference


def decided(hours: list[HourCounts], settings: DriftSettings | None = None) -> Decision:
    reference = its_reference()
    until = max(each.hour for each in hours) + timedelta(hours=1)
    return decide(reference, new("parcels", RELEASE, reference), hours, until, settings)


def first(findings: tuple[Finding, ...], subject: str) -> Finding:
    found = [each for each in findings if each.subject == subject]
    assert found, [each.subject for each in findings]
    return found[0]


def after(finding: Finding) -> float:
    """Days from the beginning to its being noticed."""
    return (finding.noticed - BEGIN) / timedelta(days=1)


@pytest.mark.parametrize("rows", [A_DAY, *(pytest.param(of, marks=pytest.mark.long) for of in (60, 4000))])
def test_months_without_drift_have_no_finding(rows):
    assert [decided(list(days(30, seed, of=rows))).noticed for seed in range(3)] == [()] * 3


CHANGES: dict[str, tuple[Change, str, float]] = {
    "a category lost": (lambda r: r.assign(depot=r["depot"].replace("west", "north")), "depot=west", 4),
    "a category renamed": (lambda r: r.assign(depot=r["depot"].replace("west", "West")), "depot: unseen", 1),
    "another unit": (lambda r: r.assign(size=r["size"] * 10), "size: range", 2 / 24),
    "a unit not far off": (lambda r: r.assign(size=r["size"] / 2.54), "size", 5),
    "a frozen feature": (lambda r: r.assign(temp=11.5), "temp: frozen", 0.25),
    "a frozen category": (lambda r: r.assign(depot="north"), "depot: frozen", 0.25),
    "nulls in what never had any": (
        lambda r: r.assign(size=r["size"].where(np.arange(len(r)) % 20 > 0)),
        "size: missing",
        1,
    ),
    "more nulls than usual": (
        lambda r: r.assign(temp=r["temp"].where(np.arange(len(r)) % 10 > 0)),
        "temp: missing",
        7,
    ),
    "text in a number": (
        lambda r: r.assign(size=r["size"].astype(object).where(r.index % 9 > 0, "x")),
        "size",
        1,
    ),
    "a shift": (lambda r: r.assign(size=r["size"] + 8), "size", 5),
    "a shift of the weather": (lambda r: r.assign(temp=r["temp"] + 15), "temp", 5),
    "a bias of the scores": (biased, "score: given features", 14),
}


@pytest.mark.parametrize("name", CHANGES)
def test_drift_is_found_under_its_own_name(name):
    change, subject, within = CHANGES[name]
    found = first(decided(list(days(15, 3, change))).noticed, subject)
    assert after(found) <= within
    assert found.kind == ("schema" if name == "text in a number" else "drift")
    assert found.release == RELEASE
    assert found.since < found.noticed
    assert found.evidence["effect"]
    assert found.evidence["rows"]


def odd_hour() -> Reference:
    """The reference, one of whose hours had nearly no temperature."""
    found = its_reference()
    facts = {**found.facts, "temp": dataclasses.replace(found.facts["temp"], missing_hour=0.9)}
    return dataclasses.replace(found, facts=facts, digest="an odd hour")


def with_outage(begin: int, end: int, of: int = A_DAY) -> list[HourCounts]:
    """Three days; from one hour to another nine of ten rows have no temperature."""
    gone = list(days(3, 3, lambda r: r.assign(temp=r["temp"].where(np.arange(len(r)) % 10 == 0)), of=of))
    return [gone[at] if begin <= at < end else hour for at, hour in enumerate(days(3, 3, of=of))]


def of_odd_hour(hours: list[HourCounts]) -> Decision:
    until = hours[-1].hour + timedelta(hours=1)
    return decide(odd_hour(), new("parcels", RELEASE, odd_hour()), hours, until)


class TestNullsOfADay:
    def test_an_outage_is_found_though_one_hour_of_the_reference_was_as_bad(self):
        found = first(of_odd_hour(with_outage(24, 72)).noticed, "temp: missing")
        assert 1 < after(found) < 1.75
        assert "of 24 hours; in no day of the reference" in found.summary
        threshold = found.evidence["threshold"]
        assert isinstance(threshold, float)
        assert 0.3 < threshold < 0.5

    def test_it_is_noticed_once_and_stands_for_as_long_as_the_24_hours_have_it(self):
        decision = of_odd_hour(with_outage(24, 40))
        assert [each.subject for each in decision.noticed] == ["temp: missing"]
        assert decision.standing == ()

    @pytest.mark.parametrize(
        "silent", [with_outage(0, 3), with_outage(0, 23)[:23], with_outage(24, 29), with_outage(24, 72, 40)]
    )
    def test_a_few_hours_or_a_few_rows_are_no_day(self, silent):
        assert of_odd_hour(silent).noticed == ()

    def test_rows_of_one_hour_are_no_day(self):
        hours = [dataclasses.replace(each, rows=0, columns={}) for each in with_outage(24, 72, of=4000)]
        alone = with_outage(24, 72, of=4000)[40]
        assert of_odd_hour([*hours[:40], alone, *hours[41:]]).noticed == ()

    def test_it_comes_to_the_same_hour_by_hour(self):
        hours, noticed = with_outage(30, 60), []
        state = new("parcels", RELEASE, odd_hour())
        for hour in hours:
            decision = decide(odd_hour(), state, [hour], hour.hour + timedelta(hours=1))
            state, noticed = from_json(decision.state.to_json()), [*noticed, *decision.noticed]
        assert tuple(noticed) == of_odd_hour(hours).noticed != ()


def test_a_score_that_moves_is_not_told_as_a_bad_score():
    found = first(decided(list(days(10, 3, lambda r: r.assign(score=r[SCORE] ** 3)))).noticed, SCORE)
    assert "does not say how good" in found.summary
    assert found.evidence["false_alarms_percent_a_month"] == 1
    beyond, spread = found.evidence["beyond"], found.evidence["spread"]
    assert isinstance(beyond, float)
    assert isinstance(spread, float)
    assert beyond > 1
    assert 0 < spread < 1


@cache
def drifting() -> list[HourCounts]:
    """Ten days, from the fifth on with sizes in inches."""
    changed = list(days(10, 5, lambda r: r.assign(size=r["size"] / 2.54)))
    return list(days(10, 5))[:96] + changed[96:]


@cache
def at_once() -> Decision:
    return decided(drifting())


@given(st.lists(st.integers(0, 480), max_size=6), st.randoms(use_true_random=False))
@examples(0.3)
def test_hours_come_to_the_same_in_whatever_portions_they_come(cuts, random):
    halves = [half for hour in drifting() for half in _halved(hour, random.random())]
    reference, found = its_reference(), []
    state = new("parcels", RELEASE, reference)
    for low, high in zip([0, *sorted(cuts)], [*sorted(cuts), len(halves)], strict=True):
        decision = decide(reference, state, halves[low:high])
        state = from_json(decision.state.to_json())
        found += decision.noticed
    last = decide(reference, state, [], BEGIN + timedelta(days=10))
    assert [*found, *last.noticed] == list(at_once().noticed)
    assert last.state.to_json() == at_once().state.to_json()
    assert last.standing == at_once().standing
    assert last.effects == at_once().effects


def _halved(hour: HourCounts, part: float) -> list[HourCounts]:
    """The same hour as two variants would have counted it."""
    if part < 0.5:
        return [hour, dataclasses.replace(hour, rows=0, requests=0, columns={})]
    first = {name: each for place, (name, each) in enumerate(hour.columns.items()) if place % 2}
    others = {name: each for name, each in hour.columns.items() if name not in first}
    return [
        dataclasses.replace(hour, columns=first),
        dataclasses.replace(hour, rows=0, requests=0, columns=others),
    ]


def test_what_holds_is_noticed_once_and_stands_until_it_is_over():
    noticed = [each.subject for each in at_once().noticed]
    assert noticed.count("size") == 1
    assert "size" in [each.subject for each in at_once().standing]
    reference = its_reference()
    later = [dataclasses.replace(each, hour=each.hour + timedelta(days=10)) for each in days(28, 6)]
    over = decide(reference, at_once().state, later, BEGIN + timedelta(days=38))
    assert [each.subject for each in over.standing if each.kind == "drift"] == []


def test_a_late_hour_is_told_of_and_changes_nothing():
    hours = list(days(3, 1))
    late = decide(its_reference(), decided(hours).state, [hours[5]])
    assert f"{hours[5].rows:,} rows came after" in " ".join(late.unknown)
    assert late.noticed == ()


def test_what_is_not_recorded_is_no_finding_and_is_told():
    hours = [
        dataclasses.replace(each, columns={n: c for n, c in each.columns.items() if n != "temp"})
        for each in days(8, 2)
    ]
    decision = decided(hours)
    assert decision.noticed == ()
    assert any(each.startswith("temp is not in the records") for each in decision.unknown)
    assert {each.aspect for each in decision.effects} == {"values", "missing"}


def test_a_feature_that_the_stage_ignores_has_no_finding():
    hours = list(days(5, 3, lambda r: r.assign(depot="north", size=r["size"] * 10)))
    subjects = {each.subject for each in decided(hours, DriftSettings(ignored=("size", "depot"))).noticed}
    assert {each.partition(":")[0] for each in subjects} == {SCORE} or subjects == {"score: given features"}


def test_hours_of_others_are_refused():
    hour = next(days(1, 1))
    for wrong in (
        dataclasses.replace(hour, release="0c77e1d2ab93"),
        dataclasses.replace(hour, endpoint="letters"),
        dataclasses.replace(hour, columns={**hour.columns, "size": hour.columns["depot"]}),
    ):
        with pytest.raises(UnusableReference, match="cannot be used"):
            decided([wrong])


class TestVolume:
    def test_a_day_with_a_fraction_of_the_rows_of_the_weeks_before(self):
        hours = list(days(22, 1))
        few = list(days(22, 1, of=30))
        found = first(decided(hours[: 21 * 24] + few[21 * 24 :]).noticed, "rows a day")
        assert (found.kind, after(found)) == ("volume", 22)

    def test_hours_without_any_rows(self):
        hours = list(days(15, 1, of=3 * A_DAY))[: 14 * 24 + 5]
        reference = its_reference()
        decision = decide(
            reference, new("parcels", RELEASE, reference), hours, hours[-1].hour + timedelta(hours=6)
        )
        found = first(decision.noticed, "rows")
        assert found.since == hours[-1].hour + timedelta(hours=1)
        assert found.noticed == hours[-1].hour + timedelta(hours=4)


def test_no_rows_are_no_finding():
    assert decided(list(days(5, 1, lambda rows: rows.head(0)))).noticed == ()
