"""Whole answers: read by their content type, and told apart by their numbers and all else."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from release.domain import answers

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-1000, 1000) | st.floats(-1e6, 1e6) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("body", "content_type", "expected"),
    [
        (b'{"a": [1, 2.5]}', "application/json; charset=utf-8", {"a": [1, 2.5]}),
        (b'{"a": 1}', "application/vnd.x+json", {"a": 1}),
        (b"0.5,yes\n0.25,no\n", "text/csv", [[0.5, "yes"], [0.25, "no"]]),
        (b"0.5\n\n", "text/csv", [[0.5]]),
        (b"good", "text/plain", "good"),
    ],
)
def test_an_answer_is_read_by_its_content_type(body, content_type, expected):
    assert answers.parse(body, content_type) == expected


@pytest.mark.parametrize(("body", "content_type"), [(b"{", "application/json"), (b"\xff", "text/plain")])
def test_what_is_not_what_it_says_is_no_answer(body, content_type):
    with pytest.raises(ValueError, match=r"."):
        answers.parse(body, content_type)


def test_a_part_is_found_by_its_pointer():
    answer = {"a/b": [{"x": 1}], "n": None}
    assert answers.at(answer, "") == answer
    assert answers.at(answer, "/a~1b/0/x") == 1
    for pointer in ("/a", "/a~1b/1", "/a~1b/x", "/n/x"):
        with pytest.raises(ValueError, match="it has nothing at"):
            answers.at(answer, pointer)


def test_numbers_stand_in_one_order_and_truth_is_none():
    assert answers.numbers({"b": [2, True], "a": {"x": 1.5, "y": "3"}}) == [1.5, 2]


@given(JSON_VALUES)
def test_an_answer_is_not_different_from_itself(value):
    assert answers.difference(value, json.loads(json.dumps(value)), 0.0) is None


@pytest.mark.parametrize(
    ("expected", "found", "words"),
    [
        ({"a": [0.5]}, {"a": [0.52]}, "0.52 at /a/0, where 0.5 is expected"),
        ([1, 2], [1], "nothing at /1, where 2 is expected"),
        ([1], [1, 2], "2 at /1, where nothing is expected"),
        ({"a": "x"}, {"a": "y"}, '"y" at /a, where "x" is expected'),
        ([1], [True], "true at /0, where 1 is expected"),
        ([1], ["1"], '"1" at /0, where 1 is expected'),
        ([1], [float("nan")], "NaN at /0, where 1 is expected"),
        ([], {}, "{} at /, where [] is expected"),
        (0.5, 0.7, "0.7 at /, where 0.5 is expected"),
    ],
)
def test_where_and_how_it_is_another(expected, found, words):
    assert answers.difference(expected, found, 0.01) == words


def test_numbers_may_lie_as_far_apart_as_is_tolerated():
    assert answers.difference({"a": 0.5}, {"a": 0.509}, 0.01) is None
    assert answers.difference({"a": 0.5}, {"a": 0.511}, 0.01) is not None
