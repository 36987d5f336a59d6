"""Golden requests that expect whole answers, and those that are sent twice."""

import itertools
import json
from typing import Any, cast

import pytest

from release.domain.golden import CHANGES, Golden, GoldenRequest
from release.ports import Endpoints, Unanswered
from release.rollout.smoke import ATTEMPTS, ask, smoke

REQUEST = GoldenRequest(
    content_type="text/csv",
    accept="application/json",
    body="1,2\n",
    scores=(0.5,),
    answer=[0.5],
    answer_at="/churns",
)


class Answers:
    """Answers one after the other, and then from the beginning again; an exception is raised."""

    def __init__(self, *answers: Any) -> None:
        self._answers = itertools.cycle(answers)
        self.asked: list[tuple[bytes, str, str | None, str]] = []

    def invoke(self, endpoint, body, content_type, variant=None, accept=""):
        self.asked.append((body, content_type, variant, accept))
        answer = next(self._answers)
        if isinstance(answer, Exception):
            raise answer
        return {"Body": json.dumps(answer).encode(), "ContentType": "application/json"}


def golden(repeats_within: float | None = 0.0, tolerance: float = 0.01) -> Golden:
    return Golden(tolerance=tolerance, repeats_within=repeats_within, requests=(REQUEST,))


def told(answers: Answers, requests: Golden, variant: str | None = None) -> str | None:
    return smoke(cast(Endpoints, answers), "delays-dev", requests, variant)


def test_the_right_answer_is_asked_for_twice_in_its_own_types():
    answers = Answers({"churns": [0.5], "id": "a"}, {"churns": [0.5], "id": "b"})
    assert told(answers, golden(), "candidate") is None
    assert answers.asked == [(b"1,2\n", "text/csv", "candidate", "application/json")] * 2


def test_one_that_need_not_be_is_not_asked_for_twice():
    answers = Answers({"churns": [0.5]})
    assert told(answers, golden(repeats_within=None)) is None
    assert len(answers.asked) == 1


def test_an_answer_that_changes_is_told_as_that_and_not_as_a_wrong_one():
    problem = told(Answers({"churns": [0.7]}, {"churns": [0.71]}), golden())
    assert problem == f"golden request 1 of 1: {CHANGES}: 0.71 at /0, where 0.7 was before"


def test_by_less_than_is_declared_it_may_change_and_beyond_the_tolerance_it_is_wrong():
    within = golden(repeats_within=0.02)
    assert told(Answers({"churns": [0.495]}, {"churns": [0.505]}), within) is None
    problem = told(Answers({"churns": [0.515]}, {"churns": [0.505]}), within)
    assert problem == "golden request 1 of 1: it answers 0.515 at /0, where 0.5 is expected"
    late = told(Answers({"churns": [0.505]}, {"churns": [0.515]}), within)
    assert late == "golden request 1 of 1: it answers 0.515 at /0, where 0.5 is expected"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"churn": [0.5]}, "the answer cannot be read: it has nothing at /churns"),
        ({"churns": [0.5, 0.5]}, "it answers 0.5 at /1, where nothing is expected"),
    ],
)
def test_an_answer_of_another_form_is_wrong(answer, words):
    assert told(Answers(answer), golden()) == f"golden request 1 of 1: {words}"


def test_no_answer_is_asked_for_again_and_is_no_change():
    right = {"churns": [0.5]}
    assert told(Answers(right, Unanswered("throttled"), right), golden()) is None
    problem = told(Answers(right, *[Unanswered("throttled")] * ATTEMPTS), golden())
    assert problem == "golden request 1 of 1: throttled"


def test_the_scores_of_a_whole_answer_are_its_numbers():
    asked = ask(cast(Endpoints, Answers({"churns": [0.5, [0.25]]})), "delays-dev", REQUEST, None)
    assert asked.scores == [0.5, 0.25]
