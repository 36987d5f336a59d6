"""Exposures and outcomes: what counts, what is set aside by which name, and that no look favours anybody."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.experiments import joining, reading
from monitoring.experiments.assignment import arm, inference_id
from monitoring.experiments.joining import Exposure, Outcome, Scope, Troubles, join
from monitoring.experiments.planner import Design
from monitoring.experiments.reading import Line
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
        exposures = [exposed(HERE, 1.9), exposed(THERE, 3.2)]
        assert [hour.whole for hour in join(SCOPE, exposures, [], at(2.4)).hours] == [True, False]
        assert [hour.whole for hour in join(SCOPE, exposures, [], at(2.3)).hours] == [False, False]

    def test_a_success_that_came_early_counts_no_sooner_than_a_failure(self):
        """Otherwise a variant that answers faster would look better while outcomes are still to come."""
        joined = join(SCOPE, [exposed(HERE)], [Outcome(HERE, 1, at(1.5))], at(20))
        found = result(Design(0.2, 0.02), joined)
        assert (found.exposed, found.yes, found.waits) == ((0, 0), (0, 0), 1)


def lines(place: str, *texts: str) -> list[Line]:
    return [Line(place, number, text) for number, text in enumerate(texts, start=1)]


class TestReading:
    def exposures(self, found):
        troubles = Troubles()
        return list(reading.exposures(found, troubles)), troubles

    def test_as_callers_write_them(self):
        found, troubles = self.exposures(
            [
                *lines("a.jsonl", '{"key": "user-1", "variant": "live", "at": "2026-11-01T01:00:00Z"}', ""),
                *lines(
                    "b.csv", "key,variant,at,experiment", f"user-2,candidate,2026-11-01T02:00:00+01:00,{ID}"
                ),
                *lines("c.json", f'{{"inference_id": "{ID}:user-3:7", "variant": "live", "at": 1793494800}}'),
            ]
        )
        assert found == [
            Exposure("user-1", "live", at(1)),
            Exposure("user-2", "candidate", at(1), ID),
            Exposure("user-3", "live", at(1), ID),
        ]
        assert not troubles.counts

    def test_as_sagemaker_captures_them(self):
        text = (
            '{"captureData": {}, "eventMetadata": {"eventId": "e", "inferenceId": "%s", '
            '"inferenceTime": "2026-11-01T01:00:00Z"}, "eventVersion": "0"}'
        )
        place = "s3://b/capture/delays-prod/candidate/2026/11/01/01/02-03.jsonl"
        found, troubles = self.exposures(
            lines(place, text % inference_id(ID, "user-1", "9"), text % "slipway-own-request")
        )
        assert found == [Exposure("user-1", "candidate", at(1), ID), Exposure(None, "candidate", at(1))]
        assert not troubles.counts

    def test_a_container_that_captures_knows_its_release_and_no_variant(self):
        text = (
            '{"captureData": {}, "eventMetadata": {"inferenceId": "%s", '
            '"inferenceTime": "2026-11-01T01:00:00Z"}, "eventVersion": "0"}'
        )
        place = "s3://b/capture/delays-prod/81bb02aa6f10/2026/11/01/01/02-03.jsonl"
        told = lines(place, text % inference_id(ID, "user-1"))
        found = list(reading.exposures(told, Troubles(), {"81bb02aa6f10": "candidate"}))
        assert found == [Exposure("user-1", "candidate", at(1), ID)]

    @pytest.mark.parametrize(
        "text",
        [
            "{",
            "[]",
            "7",
            '{"key": "user-1", "variant": "live"}',
            '{"key": "user-1", "at": "2026-11-01T01:00:00Z"}',
            '{"key": "user-1", "variant": "live", "at": "2026-11-01T01:00:00"}',
            '{"key": "user-1", "variant": "live", "at": "yesterday"}',
            '{"captureData": {}, "eventMetadata": {"inferenceTime": "2026-11-01T01:00:00Z"}}',
        ],
    )
    def test_what_says_nothing_is_named_by_its_file_and_line(self, text):
        found, troubles = self.exposures(lines("a.jsonl", text))
        assert found == []
        assert troubles.counts == {reading.UNREADABLE: 1}
        assert troubles.keys == {reading.UNREADABLE: ["a.jsonl:1"]}

    @pytest.mark.parametrize("value", ["2", "0.5", '"yes"', "null", '"1", "key": ""', "[1]", "-1"])
    def test_an_outcome_is_1_or_0_of_somebody(self, value):
        troubles = Troubles()
        text = f'{{"key": "user-1", "at": "2026-11-01T01:00:00Z", "value": {value}}}'
        assert list(reading.outcomes(lines("a.jsonl", text), "on_time", troubles)) == []
        assert troubles.counts == {reading.UNREADABLE: 1}

    def test_outcomes_as_they_are_told(self):
        troubles = Troubles()
        found = reading.outcomes(
            [
                *lines("a.csv", "key,value,at,outcome", "user-1,1,2026-11-01T01:00:00Z,on_time", "user-2,1"),
                *lines("b.jsonl", '{"key": "user-3", "value": true, "at": "2026-11-01T01:00:00Z"}'),
                *lines(
                    "c.jsonl", '{"key": "u", "value": 1, "at": "2026-11-01T01:00:00Z", "outcome": "clicks"}'
                ),
            ],
            "on_time",
            troubles,
        )
        assert list(found) == [Outcome("user-1", 1, at(1)), Outcome("user-3", 1, at(1))]
        assert troubles.counts == {reading.UNREADABLE: 1, reading.ANOTHER: 1}
        assert troubles.keys == {reading.UNREADABLE: ["a.csv:3"], reading.ANOTHER: ["clicks"]}
