"""Exposures and outcomes: what counts, what is set aside by which name, and that no look favours anybody."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.experiments import joining
from monitoring.experiments.assignment import arm
from monitoring.experiments.joining import Exposure, Outcome, Scope, join
from monitoring.experiments.planner import Design
from monitoring.experiments.result import result

ID = "3f2a9c01d4e7"
BEGUN = datetime(2026, 11, 1, tzinfo=UTC)
SCOPE = Scope(ID, 50, BEGUN, timedelta(hours=24), grace=timedelta(minutes=20))
LATER = BEGUN + timedelta(days=30)
HERE = next(f"user-{n}" for n in range(99) if arm(ID, f"user-{n}", 50) == "candidate")
THERE = next(f"user-{n}" for n in range(99) if arm(ID, f"user-{n}", 50) == "live")


def at(hours: float) -> datetime:
    return BEGUN + timedelta(hours=hours)


def exposed(key: str, hours: float = 1, **changes) -> Exposure:
    return Exposure(key, changes.pop("variant", arm(ID, key, 50)), at(hours), **changes)


def counted(exposures, outcomes=(), now=LATER, scope=SCOPE):
    """All hours together, and what was set aside."""
    found = join(scope, exposures, outcomes, now)
    sums = tuple(
        sum(number) for number in zip(*[(*hour.exposed, *hour.yes) for hour in found.hours], strict=True)
    )
    return sums or (0, 0, 0, 0), dict(found.troubles.counts), found.troubles.keys


class TestExposures:
    def test_the_first_one_of_a_key_counts_once_in_the_hour_in_which_it_was(self):
        found = join(SCOPE, [exposed(HERE, 5.5), exposed(HERE, 2.5), exposed(THERE, 2.1)], [], LATER)
        assert [(hour.begin, hour.exposed) for hour in found.hours] == [(at(2), (1, 1))]
        assert not found.troubles.counts

    @pytest.mark.parametrize(
        ("exposure", "cause"),
        [
            (exposed(HERE, experiment="81bb02aa6f10"), joining.OTHER),
            (exposed(HERE, -1), joining.UNTIMELY),
            (Exposure(None, "live", at(1)), joining.KEYLESS),
            (Exposure("a b", "live", at(1)), joining.KEYLESS),
            (exposed(HERE, variant="AllTraffic"), joining.VARIANT),
            (exposed(HERE, variant="live"), joining.ELSEWHERE),
            (exposed(THERE, variant="candidate"), joining.ELSEWHERE),
        ],
    )
    def test_what_does_not_count_is_counted_by_its_cause(self, exposure, cause):
        assert counted([exposure])[:2] == ((0, 0, 0, 0), {cause: 1})

    @pytest.mark.parametrize("when", ["9999-12-31T23:59:59+00:00", "2026-12-01T00:05:01+00:00"])
    def test_what_has_not_happened_yet_counts_nothing(self, when):
        exposure = Exposure(HERE, "candidate", datetime.fromisoformat(when))
        told = [Outcome(HERE, 1, exposure.at)]
        assert counted([exposure], told)[:2] == ((0, 0, 0, 0), {joining.FUTURE: 1, joining.UNKNOWN: 1})

    def test_after_the_end_nothing_counts(self):
        ended = replace(SCOPE, ended=at(3))
        assert counted([exposed(HERE, 2), exposed(THERE, 4)], scope=ended)[:2] == (
            (1, 0, 0, 0),
            {joining.UNTIMELY: 1},
        )

    def test_a_key_that_saw_both_variants_is_named_and_left_out(self):
        sums, troubles, keys = counted([exposed(HERE), exposed(HERE, 3, variant="live"), exposed(THERE)])
        assert (sums, troubles) == ((0, 1, 0, 0), {joining.BOTH: 1})
        assert keys[joining.BOTH] == [HERE]

    def test_no_more_than_some_keys_are_named(self):
        _, troubles, keys = counted([exposed(f"user-{n}", -1) for n in range(50)])
        assert (troubles[joining.UNTIMELY], len(keys[joining.UNTIMELY])) == (50, joining.NAMED)

    def test_what_callers_wrote_is_named_as_it_can_be_told(self):
        _, _, keys = counted([Exposure("\x1b[2J\ud800", "live", at(1)), Exposure("a" * 5_000, "live", at(1))])
        escape, long = keys[joining.KEYLESS]
        assert escape == "\ufffd[2J\ufffd"
        assert len(long) == joining.LONGEST + 1


class TestOutcomes:
    @pytest.mark.parametrize(
        ("outcomes", "yes", "troubles"),
        [
            ([Outcome(HERE, 1, at(2))], 1, {}),
            ([Outcome(HERE, 0, at(2))], 0, {}),
            ([], 0, {}),
            ([Outcome(HERE, 1, at(25))], 1, {}),
            ([Outcome(HERE, 1, at(25.1))], 0, {joining.LATE: 1}),
            ([Outcome(HERE, 1, at(0.5))], 0, {joining.EARLY: 1}),
            ([Outcome("user-99", 1, at(2))], 0, {joining.UNKNOWN: 1}),
            ([Outcome(HERE, 1, at(2), "81bb02aa6f10")], 0, {joining.OTHERS: 1}),
            ([Outcome(HERE, 1, at(2)), Outcome(HERE, 1, at(2))], 1, {joining.REPEATED: 1}),
            ([Outcome(HERE, 1, at(2)), Outcome(HERE, 0, at(3))], 0, {joining.CORRECTED: 1}),
            ([Outcome(HERE, 0, at(3)), Outcome(HERE, 1, at(2))], 0, {joining.CORRECTED: 1}),
        ],
    )
    def test_the_latest_in_its_time_holds(self, outcomes, yes, troubles):
        assert counted([exposed(HERE)], outcomes)[:2] == ((1, 0, yes, 0), troubles)

    def test_two_of_one_moment_that_contradict_each_other_take_the_key_out(self):
        told = [Outcome(HERE, 1, at(2)), Outcome(HERE, 0, at(2))]
        sums, troubles, keys = counted([exposed(HERE)], told)
        assert (sums, troubles) == ((0, 0, 0, 0), {joining.CONTRADICTORY: 1})
        assert keys[joining.CONTRADICTORY] == [HERE]

    @given(st.permutations(range(6)))
    def test_the_order_in_which_files_tell_them_does_not_matter(self, order):
        told = [
            *(Outcome(HERE, value, at(hours)) for value, hours in ((1, 2), (0, 3), (1, 4))),
            *(Outcome(THERE, value, at(hours)) for value, hours in ((1, 2), (1, 2), (0, 2.5))),
        ]
        sums, _, _ = counted([exposed(HERE), exposed(THERE)], [told[place] for place in order])
        assert sums == (1, 1, 1, 0)


class TestTime:
    def test_an_hour_counts_once_every_outcome_of_its_keys_can_be_known(self):
        exposures = [exposed(HERE, 1.9), exposed(THERE, 3.2)]
        assert [hour.final for hour in join(SCOPE, exposures, [], at(26.4)).hours] == [True, False]
        assert [hour.final for hour in join(SCOPE, exposures, [], at(26.3)).hours] == [False, False]

    def test_an_hour_is_whole_once_what_comes_late_of_it_is_there(self):
        """Until then the file of one variant may lie there, and that of the other may not."""
        exposures = [exposed(HERE, 1.9), exposed(THERE, 2.2)]
        assert [hour.whole for hour in join(SCOPE, exposures, [], at(2.4)).hours] == [True, False]
        assert [hour.whole for hour in join(SCOPE, exposures, [], at(2.3)).hours] == [False, False]

    def test_a_success_that_came_early_counts_no_sooner_than_a_failure(self):
        """Otherwise a variant that answers faster would look better while outcomes are still to come."""
        joined = join(SCOPE, [exposed(HERE)], [Outcome(HERE, 1, at(1.5))], at(20))
        found = result(Design(0.2, 0.02), joined)
        assert (found.exposed, found.yes, found.waits) == ((0, 0), (0, 0), 1)
