"""Live and candidate on the same golden requests: what is told, and what keeps the candidate from traffic."""

import json
from itertools import count
from typing import Any

import pytest

from release.domain.golden import (
    Allowed,
    Answered,
    Golden,
    GoldenRequest,
    Read,
    compared,
    differs_too_much,
    mismatch,
    scores_of,
)
from release.ports import Unanswered
from release.rollout.comparing import compare

TOLERANCE = 1e-5


def answered(live=(0.2, 0.4), candidate=(0.2, 0.5), error="", live_ms=2.0, candidate_ms=3.0):
    return Answered(live=live, candidate=candidate, error=error, live_ms=live_ms, candidate_ms=candidate_ms)


def test_it_says_how_many_scores_change_and_by_how_much():
    found = compared([answered(), answered(candidate=(0.2, 0.4))], TOLERANCE)
    assert (found.rows, found.changed, found.errors) == (4, 1, ())
    assert found.mean_change == pytest.approx(0.025)
    assert found.most_change == pytest.approx(0.1)
    assert found.words() == (
        "1 of 4 golden scores change, by 0.025 in the mean and 0.1 at most; 3.0 ms beside 2.0 ms"
    )


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (answered(candidate=(), error="a score is not a finite number"), "gives no scores for 1 of 1"),
        (answered(candidate=(0.6, 0.8)), "differ from live's by 0.4 in the mean, and 0.2 is allowed"),
        (answered(candidate_ms=57.0), "in 57 ms, live in 2 ms"),
    ],
)
def test_too_different(answer, why):
    problem = differs_too_much(compared([answer], TOLERANCE), Allowed())
    assert problem is not None
    assert why in problem


@pytest.mark.parametrize("answer", [answered(), answered(candidate_ms=55.0), answered(candidate=(0.4, 0.6))])
def test_what_is_allowed_is_no_problem(answer):
    assert differs_too_much(compared([answer], TOLERANCE), Allowed()) is None


class Variants:
    """Endpoints whose variants answer as scripted: scores, or an error."""

    def __init__(self, **answers):
        self.answers = answers
        self.asked = []

    def invoke(self, endpoint, body, content_type, variant, accept):
        self.asked.append(variant)
        answer = self.answers[variant]
        if isinstance(answer, Exception):
            raise answer
        return {"Body": json.dumps({"predictions": answer}).encode(), "ContentType": "application/json"}


class Clock:
    def __init__(self):
        self._ticks = count()

    def monotonic(self):
        return next(self._ticks) / 1000


GOLDEN = Golden(
    tolerance=TOLERANCE,
    requests=(GoldenRequest(content_type="application/json", body="{}", scores=(0.5,)),),
)


def compared_by(**answers):
    endpoints: Any = Variants(**answers)
    clock: Any = Clock()
    return compare(endpoints, clock, "delays-prod", GOLDEN)


def test_both_are_asked_and_timed():
    found = compared_by(live=[0.5], candidate=[0.6])
    assert (found.rows, found.changed, found.live_ms, found.candidate_ms) == (1, 1, 1.0, 1.0)


@pytest.mark.parametrize("wrong", [[float("nan")], [0.1, 0.2], ["x"], Unanswered("ModelError 400")])
def test_a_candidate_without_scores_is_an_error(wrong):
    found = compared_by(live=[0.5], candidate=wrong)
    assert len(found.errors) == 1
    assert differs_too_much(found, Allowed())


def test_of_numbers_the_span_says_how_much_a_change_is():
    found = compared_by(live=[150.0], candidate=[190.0])
    assert differs_too_much(found, Allowed())
    assert differs_too_much(found, Allowed(), span=300.0) is None
    assert "30 is allowed" in str(differs_too_much(found, Allowed(mean_change=0.1), span=300.0))


def test_a_tolerance_is_small_beside_the_span():
    large = GOLDEN.model_dump() | {"tolerance": 0.5}
    with pytest.raises(ValueError, match="1% of the span"):
        Golden.model_validate(large)
    assert Golden.model_validate(large | {"span": 100.0}).tolerance == 0.5


def test_what_live_refuses_says_nothing_about_the_candidate():
    assert compared_by(live=Unanswered("ModelError 400"), candidate=[0.5]) is None


SURE, UNSURE = (0.9, 0.1, 0.0), (0.5, 0.1, 0.4)


@pytest.mark.parametrize(
    ("body", "media"),
    [
        (b'{"predictions": [[0.9, 0.1, 0.0], [0.5, 0.1, 0.4]]}', "application/json"),
        (b"0.9,0.1,0.0\n0.5,0.1,0.4\n", "text/csv"),
    ],
)
def test_of_several_classes_each_row_has_the_probability_of_each(body, media):
    request = GoldenRequest(content_type=media, body="", scores=(SURE, UNSURE))
    found = scores_of(body, media)
    assert mismatch(request, TOLERANCE, Read(found)) is None
    swapped = GoldenRequest(content_type=media, body="", scores=(SURE, (0.5, 0.4, 0.1)))
    assert mismatch(swapped, TOLERANCE, Read(found)) == (
        "row 1 scored 0.500000 0.100000 0.400000, training says 0.500000 0.400000 0.100000"
    )
    assert mismatch(request, TOLERANCE, Read([SURE, (0.5, 0.5)])) is not None
    assert mismatch(request, TOLERANCE, Read([SURE, (0.5, 0.1, float("nan"))])) is not None


def test_of_several_classes_what_counts_is_the_probability_that_went_to_others():
    found = compared_by(live=[SURE, UNSURE], candidate=[UNSURE, UNSURE])
    assert (found.rows, found.changed, found.mean_change) == (2, 1, pytest.approx(0.2))
    assert found.most_change == pytest.approx(0.4)


def test_a_candidate_of_other_classes_is_an_error():
    found = compared_by(live=[SURE], candidate=[(0.5, 0.5)])
    assert "its scores are of other classes" in str(differs_too_much(found, Allowed()))


def test_the_golden_requests_of_several_classes_are_read_from_their_file():
    told = GOLDEN.model_dump(mode="json") | {
        "requests": [{"content_type": "text/csv", "body": "a", "scores": [list(SURE), list(UNSURE)]}]
    }
    assert Golden.model_validate_json(json.dumps(told)).requests[0].scores == (SURE, UNSURE)
