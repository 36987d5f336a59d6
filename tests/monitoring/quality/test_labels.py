"""A line of a truth file is a label or says why it is none, whatever it holds."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.quality.labels import Label, Rejected, Trouble, read

NOW = datetime(2026, 11, 30, tzinfo=UTC)
HEAD = "inference_id,outcome,observed_at"
FIELDS = ["inference_id", "outcome", "observed_at", "corrects"]
ODD = [
    10**400,
    1e308,
    float("nan"),
    "9999-12-31T23:59:59-23:00",
    "0001-01-01T00:00:00+23:00",
    "a#1",
    "1",
    "true",
]
VALUES = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(ODD)
OBJECTS = st.dictionaries(st.sampled_from(FIELDS), VALUES | st.lists(VALUES, max_size=2)).map(json.dumps)


@pytest.mark.parametrize(
    ("name", "lines", "trouble"),
    [
        (
            "a.jsonl",
            [f'{{"inference_id": "a", "observed_at": "2026-11-01T00:00:00Z", "outcome": {10**400}}}'],
            Trouble.OUTCOME,
        ),
        ("a.csv", ['"' + "x" * 200_000], Trouble.FILE),
        ("a.csv", [HEAD + "\rx"], Trouble.FILE),
        ("a.csv", [HEAD, "a,1,2026\r-11-01"], Trouble.LINE),
    ],
)
def test_what_cannot_be_read_is_named_and_ends_nothing(name, lines, trouble):
    assert [one.trouble for one in read(name, lines, "s", NOW) if isinstance(one, Rejected)] == [trouble]


@given(st.lists(st.text() | OBJECTS), st.sampled_from(["a.jsonl", "a.csv"]), st.booleans())
def test_whatever_lines_hold_each_is_a_label_or_says_why_it_is_none(lines, name, headed):
    told = [line.replace("\n", " ") for line in lines]
    found = list(read(name, [HEAD, *told] if headed and name == "a.csv" else told, "s", NOW))
    assert all(isinstance(one, Label | Rejected) for one in found)
    if name == "a.jsonl":
        assert len(found) == sum(bool(line.strip()) for line in told)
