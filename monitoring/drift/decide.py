"""Counted hours of one release to findings of drift, of broken promises and of volume. Pure.

It does not ask when it is: hours are decided in the order of the data, each once it is complete, and whether
they come one at a time or many at once makes no difference.
"""

import copy
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from monitoring.counts import HourCounts
from monitoring.drift import layout as layouts
from monitoring.drift import sudden, volume, windows
from monitoring.drift.anomaly import Anomaly
from monitoring.drift.calibration import LEAST_ROWS
from monitoring.drift.layout import Layout
from monitoring.drift.reference import Reference, unusable
from monitoring.drift.state import DAYS, VOLUME_HOURS, Hour, State, begin, empty, index, moment
from monitoring.drift.windows import Effect
from monitoring.finding import Finding
from release.domain.drift import DriftSettings

SUDDEN, BY_DAY, SILENT = "hour", "day", "silent"
"""What a standing finding is decided from, anew each time."""


@dataclass(frozen=True)
class Decision:
    """What the hours came to."""

    state: State
    """For the next run."""
    noticed: tuple[Finding, ...]
    """What began to hold in these hours, in the order of the data."""
    standing: tuple[Finding, ...]
    """What holds now, noticed now or before."""
    effects: tuple[Effect, ...]
    """Of the longest window up to a week that is full: by column and aspect, findings or not."""
    unknown: tuple[str, ...]
    """What cannot be told, in sentences."""


def new(endpoint: str, release: str, reference: Reference) -> State:
    """The state of a release of which nothing is counted yet."""
    return begin(endpoint, release, layouts.of(reference), reference.digest)


def decide(
    reference: Reference,
    state: State,
    hours: Iterable[HourCounts],
    until: datetime | None = None,
    settings: DriftSettings | None = None,
) -> Decision:
    """Decide the hours that are complete; `state` is not changed.

    An hour is complete when a later one begins, or when it ended by `until`. Counts of an hour that was
    decided before are late: `unknown` tells of them, and nothing is decided anew. Raises UnusableReference
    for a state or counts of another release or reference.
    """
    settings = settings or DriftSettings()
    if state.digest != reference.digest:
        raise unusable("what is kept of the last run is of another reference")
    run = _Run(reference, layouts.of(reference), settings, copy.deepcopy(state))
    for counted in sorted(hours, key=lambda each: each.hour):
        run.take(counted)
    if until is not None:
        run.complete_until(index(until))
    effects = windows.judged(run.state, reference, settings)
    week = [window for window in effects if window and window[0].days <= 7]
    return Decision(
        run.state,
        tuple(run.noticed),
        tuple(run.state.standing.values()),
        tuple(week[-1]) if week else (),
        _unknown(reference, run.state, settings),
    )


class _Run:
    """Goes through the hours in order, on a state of its own."""

    def __init__(self, reference: Reference, layout: Layout, settings: DriftSettings, state: State) -> None:
        self.reference, self.layout, self.settings, self.state = reference, layout, settings, state
        self.noticed: list[Finding] = []

    def take(self, counted: HourCounts) -> None:
        """More of the newest hour, or the first of a later one."""
        state, at = self.state, index(counted.hour)
        if (counted.endpoint, counted.release) != (state.endpoint, state.release):
            raise unusable(
                f"an hour is of {counted.endpoint}'s release {counted.release}, and what is kept of "
                f"{state.endpoint}'s {state.release}"
            )
        if (state.closed is not None and at <= state.closed) or (state.open and at < state.open.index):
            state.late_rows += counted.rows
            return
        if state.open is None or at > state.open.index:
            self.complete_until(at)
            state.open = empty(at, self.layout)
            state.first = at if state.first is None else state.first
        state.open.add(counted, self.layout)

    def complete_until(self, end: int) -> None:
        """All hours before `end` are complete, those without any counts too."""
        state = self.state
        if state.open is not None and state.open.index < end:
            hour, state.open = state.open, None
            self._close(hour)
        if state.closed is None:
            return
        for silent in range(max(state.closed + 1, end - VOLUME_HOURS), end):
            self._close(empty(silent, self.layout))

    def _close(self, hour: Hour) -> None:
        state, layout = self.state, self.layout
        state.closed = hour.index
        if state.today is None or state.today_cells is None:
            state.today, state.today_cells = hour.index // 24, hour.cells * 0
        state.today_cells = state.today_cells + hour.cells
        volume.counted(state, hour.index, hour.rows)
        end = moment(hour.index + 1)
        self._hold(SILENT, volume.silence(state, hour.index), end)
        if hour.rows:
            sudden.seen(state, hour, layout)
            self._hold(SUDDEN, sudden.anomalies(state, hour, self.reference, layout), end)
        if (hour.index + 1) % 24 == 0:
            self._end_day()

    def _end_day(self) -> None:
        state = self.state
        assert state.today is not None
        assert state.today_cells is not None
        first = state.today * 24
        if state.first is not None and state.first <= first:
            if int(state.today_cells.sum()) >= LEAST_ROWS * len(self.layout.binnings):
                state.days = [*state.days, (state.today, state.today_cells)][-DAYS:]
            end = windows.day_end(state.today)
            effects = windows.judged(state, self.reference, self.settings, least=1)
            held = [
                *windows.anomalies(effects, end, self.reference, self.settings),
                *volume.day(state, first),
            ]
            self._hold(BY_DAY, held, end)
        state.today = state.today_cells = None

    def _hold(self, source: str, anomalies: Iterable[Anomaly], at: datetime) -> None:
        """What holds now of one source; what did not hold before is noticed."""
        state = self.state
        held: dict[str, Finding] = {}
        for anomaly in anomalies:
            if anomaly.subject.partition(":")[0].partition("=")[0] in self.settings.ignored:
                continue
            key = f"{source} {anomaly.kind} {anomaly.subject}"
            before = state.standing.get(key)
            found = anomaly.finding(state.endpoint, state.release, before.noticed if before else at)
            held[key] = found
            if before is None:
                self.noticed.append(found)
        others = {key: each for key, each in state.standing.items() if not key.startswith(f"{source} ")}
        state.standing = {**others, **held}


def _unknown(reference: Reference, state: State, settings: DriftSettings) -> tuple[str, ...]:
    """What cannot be told of this release now, and why."""
    found: list[str] = []
    if reference.blocks == "sample":
        found.append(
            "The release was made without a reference by day: how days and seasons differ is not known, so "
            "only large effects are told, without a false-alarm rate. A release that is trained anew has one."
        )
    elif reference.blocks == "rows":
        found.append(
            "The service names no column of times: how days and seasons differ is not known, so only large "
            "effects are told, without a false-alarm rate."
        )
    found.extend(_unwatched(reference))
    if reference.given is None:
        found.append(
            "Scores cannot be compared with what the features let expect: the reference does not say it."
        )
    if not state.days:
        found.append("No whole day is counted yet: only sudden breaks can be told.")
    found.extend(_not_recorded(reference, state))
    if settings.ignored:
        found.append(f"Drift of {', '.join(settings.ignored)} is not told: the stage's file says so.")
    if state.late_rows:
        found.append(f"{state.late_rows:,} rows came after their hour was decided, and are in no window.")
    return tuple(found)


def _unwatched(reference: Reference) -> Sequence[str]:
    what = {"drop": "dropped", "hash": "hashed"}
    told = ", ".join(f"{name} ({what.get(how, how)})" for name, how in sorted(reference.unwatched.items()))[
        :200
    ]
    why = (
        "sensitive features are no part of the reference, and are dropped or hashed before a request is kept"
    )
    return (f"Not watched: {told}; {why}.",) if told else ()


def _not_recorded(reference: Reference, state: State) -> Sequence[str]:
    if not state.recent:
        return ()
    rows = sum(kept[:4].sum(axis=0) for _, _, kept in state.recent)
    lacking = [name for name, counted in zip(reference.names, rows, strict=True) if counted == 0]
    return (f"{', '.join(lacking)[:200]} is not in the records of the last 24 hours.",) if lacking else ()
