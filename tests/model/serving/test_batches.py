"""Requests that arrived together: scored together, answered each by itself."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any

import pytest

from model.serving.answers import Answer
from model.serving.application import Application, Job, Request
from model.serving.batcher import MAX_ROWS, Batcher
from model.serving.http.request_ids import RequestIds
from model.serving.models.columns import Rows, merged
from model.serving.predictor import Model
from tests.model.serving.examples import OTHER, ROW, UNSEEN, expected, instances


class Counting:
    """Scores each row with the number in it; a row of 13 makes the whole batch fail."""

    def __init__(self) -> None:
        self.batches: list[int] = []

    def score_all(self, tables: Sequence[Any]) -> list[list[float]]:
        """The first number of each row."""
        self.batches.append(len(tables))
        found = [[row[0] for row in table.numbers] for table in tables]
        if any(13.0 in scores for scores in found):
            raise RuntimeError("unlucky")
        return found


def _job(scorer: Counting, *numbers: float) -> Job:
    rows = Rows(len(numbers), [(number,) for number in numbers], [()] * len(numbers))
    return Job(scorer, rows, lambda scores: Answer(200, "text/plain", repr(scores).encode()), _request(b""))


def _request(body: bytes) -> Request:
    return Request("POST", "/invocations", {"content-type": "application/json"}, body)


def _turns(jobs: Sequence[Job], turns: int = 1) -> list[list[tuple[int, bytes]]]:
    """Status and body of the answers that came in each turn of a loop after the one that added the jobs."""
    answers: list[Answer] = []
    found: list[list[tuple[int, bytes]]] = []

    async def run() -> None:
        batcher = Batcher(Application(lambda: True).finish)
        for job in jobs:
            batcher.add(job, answers.append)
        assert answers == []
        for _ in range(turns):
            await asyncio.sleep(0)
            found.append([(answer.status, answer.body) for answer in answers])
            answers.clear()

    asyncio.run(run())
    return found


def test_what_arrives_together_is_scored_together() -> None:
    scorer = Counting()
    [_, answers] = _turns([_job(scorer, 1.0), _job(scorer, 2.0, 3.0), _job(scorer, 4.0)], turns=2)
    assert answers == [(200, b"[1.0]"), (200, b"[2.0, 3.0]"), (200, b"[4.0]")]
    assert scorer.batches == [3]


def test_one_alone_does_not_wait() -> None:
    scorer = Counting()
    assert _turns([_job(scorer, 1.0)]) == [[(200, b"[1.0]")]]


def test_a_batch_grows_while_turns_bring_more() -> None:
    scorer = Counting()
    answered: list[int] = []

    async def run() -> None:
        batcher = Batcher(Application(lambda: True).finish)
        for arriving in (2, 3, 1, 0, 0):
            for _ in range(arriving):
                batcher.add(_job(scorer, 1.0), lambda _answer: answered.append(1))
            await asyncio.sleep(0)

    asyncio.run(run())
    assert scorer.batches == [6]
    assert len(answered) == 6


def test_one_that_fails_does_not_spoil_the_others() -> None:
    scorer = Counting()
    [_, answers] = _turns([_job(scorer, 1.0), _job(scorer, 13.0), _job(scorer, 4.0)], turns=2)
    assert [status for status, _ in answers] == [200, 500, 200]
    assert scorer.batches == [3, 1, 1, 1]


def test_models_are_not_mixed() -> None:
    one, two = Counting(), Counting()
    [_, answers] = _turns([_job(one, 1.0), _job(two, 2.0), _job(two, 3.0), _job(one, 4.0)], turns=2)
    assert [body for _, body in answers] == [b"[1.0]", b"[2.0]", b"[3.0]", b"[4.0]"]
    assert (one.batches, two.batches) == ([1, 1], [2])


def test_a_batch_ends_where_the_loop_would_be_held_too_long() -> None:
    scorer = Counting()
    jobs = [_job(scorer, *[1.0] * (MAX_ROWS // 2)) for _ in range(5)]
    assert [len(answers) for answers in _turns(jobs, turns=3)] == [2, 2, 1]
    assert scorer.batches == [2, 2, 1]


def test_real_rows_get_the_same_scores_alone_and_together(toys: Model) -> None:
    application = Application(lambda: True)
    application.ready(toys)
    rows = [ROW, OTHER, UNSEEN, ROW | {"size": 7.5}]
    jobs = [application.begin(_request(instances(row))) for row in rows]
    assert all(isinstance(job, Job) for job in jobs)
    answers = application.finish([job for job in jobs if isinstance(job, Job)])
    together = [json.loads(answer.body)["predictions"][0] for answer in answers]
    assert together == pytest.approx([expected(row) for row in rows], abs=1e-6)
    alone = [json.loads(application.respond(_request(instances(row))).body)["predictions"][0] for row in rows]
    assert together == pytest.approx(alone, abs=1e-7)


def test_merging_rows_with_columns() -> None:
    rows = Rows(1, [(1.5, None)], [("a", None)])
    both = merged([rows, merged([rows]), rows])
    assert both.count == 3
    assert both.numbers[0].tolist() == [1.5] * 3
    assert both.categories.tolist() == [["a"] * 3, [""] * 3]


@pytest.mark.parametrize("usable", ["abc-1", "A.b:c/d+e=f", "x" * 128])
def test_a_callers_own_id_is_kept(usable: str) -> None:
    assert RequestIds().of({"x-request-id": usable}) == usable


@pytest.mark.parametrize("given", [None, "", "a b", "é", "a\n", "x" * 129, 'a"'])
def test_else_there_is_a_new_one(given: str | None) -> None:
    ids = RequestIds()
    headers = {} if given is None else {"x-request-id": given}
    first, second = ids.of(headers), ids.of(headers)
    assert first != second
    assert given not in (first, second)
    assert not {first, second} & {RequestIds().of({}) for _ in range(3)}
