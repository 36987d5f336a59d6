"""The bench of drift: its streams are the days they say, and its quick months find what `decide` finds."""

from datetime import timedelta

import numpy as np
import pandas as pd
import pytest

from bench.monitoring.drift import daily, hourly, streams
from bench.monitoring.drift.changes import INJECTED
from bench.monitoring.drift.practices import Psi
from bench.monitoring.drift.source import Source
from monitoring.drift import layout as layouts
from monitoring.drift.decide import SUDDEN, decide, new
from monitoring.finding import Finding
from tests.monitoring.drift.streams import A_DAY, DAYS, its_reference, table


def held(rows: pd.DataFrame) -> tuple[Source, list[streams.Day]]:
    named = rows.assign(departure=rows["at"])
    source = Source(named, named, named, its_reference())
    return source, streams.days(named, source.reference)


def test_a_day_is_counted_as_the_reference_counted_it():
    source, days = held(table())
    assert len(days) == DAYS
    hours = list(streams.hours(days[3], np.ones(A_DAY, dtype=np.int64), streams.BEGIN, source.layout))
    for name, counts in source.reference.counts.items():
        columns = [hour.columns[name] for hour in hours]
        bins = np.sum([each.bins for each in columns], axis=0)
        assert [*bins, sum(each.missing for each in columns)] == counts[3][: len(bins) + 1].tolist()
    assert sum(hour.rows for hour in hours) == A_DAY


@pytest.mark.parametrize("shift", [0, 8])
def test_months_by_day_find_what_decide_finds(shift):
    source, days = held(table().assign(size=table()["size"] + shift))
    reference = source.reference
    for seed in (1, 2):
        hours = [hour for day in streams.month(days, 240, seed, source.layout, 12) for hour in day]
        state = new(streams.ENDPOINT, streams.RELEASE, reference)
        noticed = decide(reference, state, hours, streams.BEGIN + timedelta(days=12)).noticed
        first = min((each.noticed for each in noticed), default=None)
        quick = daily.alarmed(source, days, 240, seed, 12)
        assert (first and (first - streams.BEGIN).days) == quick
        assert (quick is None) == (shift == 0)


def _from_each_day_on(column: str, wrong: object, begin: int) -> pd.DataFrame:
    """The reference's rows; from an hour of each day on, all values of a column are wrong."""
    return table().assign(**{column: table()[column].where(table()["at"].dt.hour < begin, wrong)})


STREAMS: dict[str, tuple[pd.DataFrame, str | None]] = {
    "none": (table(), None),
    "found by days alone": (table().assign(size=table()["size"] + 8), None),
    "another unit": (table().assign(size=table()["size"] * 10), "size: range"),
    "a frozen feature": (table().assign(temp=11.5), "temp: frozen"),
    "a frozen category": (table().assign(depot="north"), "depot: frozen"),
    "a category lost": (table().query("depot != 'west'"), "depot=west"),
    "a category renamed": (table().replace({"depot": {"west": "West"}}), "depot: unseen"),
    "nulls in what never had any": (_from_each_day_on("size", np.nan, 22), "size: missing"),
    "nulls for hours of each day": (_from_each_day_on("temp", np.nan, 14), "temp: missing"),
}


@pytest.mark.parametrize("name", STREAMS)
@pytest.mark.parametrize("rows", [240, 4000])
def test_months_by_hour_find_what_decide_finds_hour_by_hour(name, rows):
    changed, subject = STREAMS[name]
    source, days = held(changed)
    reference, state = source.reference, new(streams.ENDPOINT, streams.RELEASE, source.reference)
    found: list[Finding] = []
    for hour in (hour for day in streams.month(days, rows, 5, source.layout, 5) for hour in day):
        decision = decide(reference, state, [hour], hour.hour + timedelta(hours=1))
        state = decision.state
        found = [each for key, each in state.standing.items() if key.startswith(f"{SUDDEN} ")]
        if found:
            break
    quick = hourly.alarmed(source, days, rows, 5, 5)
    slow = [((each.noticed - streams.BEGIN) / timedelta(hours=1), each.subject) for each in found]
    assert [quick] == (slow[:1] or [None])
    assert subject is None or subject in [each for _, each in slow]


def test_psi_is_nothing_for_the_reference_itself_and_large_for_what_is_not():
    psi = Psi(its_reference())
    layout = layouts.of(its_reference())
    same = (layout.usual * 1_000_000).astype(np.int64)
    assert psi.worst(same) < 1e-4
    assert psi.worst(np.roll(same, 3)) > 0.25


def test_every_change_changes_its_column_and_no_other():
    columns = ("carrier", "origin", "pressure", "dep_minute", "distance", "temp", "score")
    rows = pd.DataFrame({each: np.linspace(0, 1, 400) for each in columns}).assign(
        carrier=["AA", "UA"] * 200, origin=["LGA", "JFK"] * 200
    )
    for injected in INJECTED:
        changed = injected.change(rows)
        same = rows.loc[changed.index]
        if len(changed) == len(rows):
            assert [c for c in columns if not changed[c].equals(same[c])] == [injected.column]
        else:
            assert changed.equals(same)
