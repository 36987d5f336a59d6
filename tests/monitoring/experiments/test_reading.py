"""Lines of callers' files: what they say of exposures and outcomes, and that none of them ends a look."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring import rows
from monitoring.experiments import reading
from monitoring.experiments.assignment import inference_id
from monitoring.experiments.joining import Exposure, Outcome, Scope, Troubles, join
from monitoring.experiments.reading import Line
from tests.examples import examples

ID = "3f2a9c01d4e7"
BEGUN = datetime(2026, 11, 1, tzinfo=UTC)
CAPTURED = "s3://b/capture/delays-prod/candidate/2026/11/01/01/02-03.jsonl"


def at(hours: float) -> datetime:
    return BEGUN + timedelta(hours=hours)


def lines(place: str, *texts: str) -> list[Line]:
    return [Line(place, number, text.encode()) for number, text in enumerate(texts, start=1)]


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
            '{"key": "user-1", "variant": "live", "at": 1e20}',
            '{"key": "user-1", "variant": "live", "at": 1' + "0" * 400 + "}",
            '{"key": "user-1", "variant": "live", "at": "0001-01-01T00:00:00+23:00"}',
            '{"key": "\\ud800", "variant": "live", "at": 1}',
            '{"key": ["user-1"], "variant": "live", "at": 1}',
            '{"x": ' + "[" * 100_000 + "]" * 100_000 + "}",
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

    def test_a_captured_record_without_its_metadata_says_nothing(self):
        for about in ("[]", "7", "null", '{"inferenceTime": {}}', '{"inferenceId": 7}'):
            found, troubles = self.exposures(
                lines(CAPTURED, f'{{"captureData": {{}}, "eventMetadata": {about}}}')
            )
            assert (found, troubles.counts) == ([], {reading.UNREADABLE: 1})

    @pytest.mark.parametrize(
        "text", ['"' + "x" * 200_000, "user-1,live\r,2026-11-01T01:00:00Z", "user-1,live", "user-1,live,1e20"]
    )
    def test_a_line_of_csv_that_says_nothing_is_named_too(self, text):
        good = "user-1,live,1793494800"
        found, troubles = self.exposures(lines("a.csv", "key,variant,at", text, good))
        assert found == [Exposure("user-1", "live", at(1))]
        assert troubles.keys == {reading.UNREADABLE: ["a.csv:2"]}

    def test_without_its_head_a_file_of_csv_says_nothing_and_the_next_one_does(self):
        bad = [Line("a.csv", 1, b"key,variant,at\xff"), *lines("a.csv", "", "user-1,live,1793494800")[1:]]
        found, troubles = self.exposures([*bad, *lines("b.csv", "key,variant,at", "user-1,live,1793494800")])
        assert found == [Exposure("user-1", "live", at(1))]
        assert troubles.keys == {reading.UNREADABLE: ["a.csv:1", "a.csv:2"]}

    def test_a_mark_of_utf_8_before_the_first_line_is_none_of_it(self):
        csv = lines("a.csv", "\ufeffkey,variant,at", "user-1,live,1793494800")
        plain = lines("b.jsonl", '\ufeff{"key": "user-1", "variant": "live", "at": 1793494800}')
        found, troubles = self.exposures([*csv, *plain])
        assert (found, troubles.counts) == ([Exposure("user-1", "live", at(1))] * 2, {})


NAMES = [
    "key",
    "value",
    "outcome",
    "experiment",
    "captureData",
    "eventMetadata",
    "inferenceId",
    "inferenceTime",
]
NAMES += [rows.INFERENCE, rows.VARIANT, rows.AT]
ODD = [1e20, -1e20, 10**400, float("nan"), float("inf"), "\ud800", "\x00", "9999-12-31T23:59:59-23:00", ""]
USUAL = ["user-1", f"{ID}:user-1", "live", "candidate", 1_793_494_800, "2026-11-01T01:00:00Z", True, "1", ID]
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(ODD)
VALUES = st.recursive(
    SCALARS | st.sampled_from(USUAL),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=3),
    max_leaves=6,
)
OBJECTS = st.dictionaries(st.sampled_from(NAMES), VALUES).map(lambda found: json.dumps(found).encode())
NESTED = st.integers(0, 200_000).map(lambda deep: b'{"key": ' + b"[" * deep)
CELLS = st.lists(SCALARS | st.sampled_from(USUAL)).map(
    lambda cells: ",".join(map(repr, cells)).encode("utf-8", "replace")
)
HEADS = st.permutations(NAMES).map(lambda names: ",".join(names).encode())
DATA = st.binary() | OBJECTS | NESTED | CELLS | HEADS


@examples(1)
@given(
    st.lists(DATA, max_size=12), st.sampled_from(["a.jsonl", "a.csv", "a.csv.gz", CAPTURED]), st.booleans()
)
def test_whatever_lines_hold_each_of_them_is_counted_and_none_ends_the_look(told, place, of_outcomes):
    """A line is what it says, or set aside by name; but blank ones, and of CSV the head."""
    found = [Line(place, number, data.replace(b"\n", b"")) for number, data in enumerate(told, start=1)]
    troubles = Troubles()
    exposed, came = list[Exposure](), list[Outcome]()
    if of_outcomes:
        came += reading.outcomes(found, "on_time", troubles)
    else:
        exposed += reading.exposures(found, troubles)
    said = len(exposed) + len(came)
    telling = [
        line for line in found if line.data.removeprefix(b"\xef\xbb\xbf" * (line.number == 1)).strip(b" \t\r")
    ]
    silent = len(telling) - said - troubles.counts.total()
    assert silent == 0 or (silent == 1 and ".csv" in place)
    scope = Scope(ID, 50, BEGUN, timedelta(hours=24), timedelta(minutes=20))
    joined = join(scope, exposed, came, BEGUN + timedelta(days=30))
    keys = sum(sum(hour.exposed) for hour in joined.hours)
    assert keys + joined.troubles.counts.total() <= said
    json.dumps([troubles.keys, joined.troubles.keys], ensure_ascii=False).encode()
