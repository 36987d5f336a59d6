"""Windows folded one by one, and the same windows replayed from a file: the same verdicts, bit for bit."""

import io
import itertools
import json
import math
import random

import pytest

from release.judge import quiet
from release.judge.fold import Fold
from release.operations.judge import replay
from tests.release.judge.traffic import QUICK, pair, records


def as_they_came(seed, **bad):
    """Two minutes of events: a little out of order, some twice, one broken, some far too late."""
    rng = random.Random(seed)  # noqa: S311 - an order, not a secret
    found = [
        json.dumps(
            {
                "eventId": window["id"],
                "logStreamName": f"{window['variant']}/i-1",
                "message": json.dumps(window),
            }
        )
        for window in records(*pair(seed, blocks=30, **bad))
    ]
    late = found.pop(3)
    found = [line for _, line in sorted((i + 4 * rng.random(), line) for i, line in enumerate(found))]
    found[10:10] = [found[8], "nonsense"]
    return [*found, late]


@pytest.mark.parametrize("bad", [{}, {"errors": 0.2}, {"invalid": 0.1}])
def test_a_fold_is_the_replay_of_what_it_was_given(bad):
    lines = as_they_came(1, **bad)
    fold = Fold(QUICK)
    told = [verdict for line in lines for verdict in fold.add(line)]
    assert told
    told += fold.finish()
    replayed = list(replay(io.StringIO("\n".join(lines)), QUICK, as_it_came=True))
    assert [verdict.record() for verdict in told] == [verdict.record() for verdict in replayed]
    assert fold.verdict() == replayed[-1]


def side_by_side(**bad):
    """The windows of both variants, block by block, each pair as lines."""
    found = sorted(records(*pair(1, blocks=30, **bad)), key=lambda window: window["start"])
    blocks = [list(group) for _, group in itertools.groupby(found, key=lambda window: window["start"])]
    return [[json.dumps(window) for window in block] for block in blocks if len(block) == 2]


def test_where_nothing_came_for_a_while_a_block_that_all_reported_is_judged_before_the_next():
    waits, told = Fold(QUICK), Fold(QUICK)
    blocks = side_by_side(errors=0.05)
    assert len(blocks) > 10
    for lines in blocks:
        for line in lines:
            waits.add(line)
            assert told.add(line) == []
        assert len(told.add(quiet.line(QUICK.settle_seconds))) == 1
        assert told.add(quiet.line(QUICK.settle_seconds)) == []
    assert waits.finish()[-1] == told.verdict()


def test_who_has_not_reported_is_waited_for_however_quiet_it_is():
    (first, second), (third, fourth), *_ = side_by_side()
    fold = Fold(QUICK)
    for line in (first, second):
        fold.add(line)
    assert len(fold.add(quiet.line(QUICK.settle_seconds))) == 1
    fold.add(third)
    assert fold.add(quiet.line(QUICK.settle_seconds)) == []
    assert fold.add(fourth) == []
    assert len(fold.add(quiet.line(QUICK.settle_seconds))) == 1


@pytest.mark.parametrize(
    "line",
    [
        *("nonsense", "[]", quiet.SCHEMA, json.dumps({"message": quiet.SCHEMA}), json.dumps({"message": 3})),
        *map(quiet.line, (-1.0, math.nan, math.inf, 10**400)),
    ],
)
def test_no_other_line_says_that_it_is_quiet(line):
    assert quiet.seconds(line) is None


def test_half_of_it_kept_and_the_rest_later_is_the_same():
    lines = as_they_came(2)
    whole, again = Fold(QUICK), Fold(QUICK)
    told = [verdict for line in lines for verdict in whole.add(line)]
    first = [verdict for line in lines[:25] for verdict in again.add(line)]
    assert first
    assert first + [verdict for line in lines[25:] for verdict in again.add(line)] == told


def test_without_a_line_there_is_one_verdict_and_it_holds():
    (verdict,) = replay(io.StringIO(""), QUICK, as_it_came=True)
    assert verdict == Fold(QUICK).verdict()
    assert verdict.decision == "HOLD"


def test_what_is_set_aside_is_told_with_the_verdict():
    fold = Fold(QUICK)
    for line in as_they_came(3):
        fold.add(line)
    assert fold.verdict().set_aside["unreadable"] == 1
    assert fold.verdict().set_aside["too late"] >= 1
