"""When a step may be left: every row of the table, and what holds for all moments there can be."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from release.domain.orders import Order
from release.judge.verdict import Decision, Verdict
from release.rollout.leaving import Leave, Moment, Stay, TakeBack, begins, leaves
from release.rollout.strategies.step import Step, Watch

BESIDE, ALONE = Watch(True, least=120.0, most=600.0), Watch(False, least=120.0, most=600.0)
AT = datetime(2026, 1, 1, tzinfo=UTC)


def verdict(decision, because="because", requests=10):
    return Verdict(Decision(decision), because, 60.0, requests, 10, ())


def order(wish, reason=""):
    return Order(wish=wish, by="ada on ci-1", at=AT, reason=reason)


READY = Moment(verdict("PASS"), seconds=300.0, counted=300.0)
HOLD = Moment(verdict("HOLD", "PASS waits for proof of score"), seconds=300.0, counted=300.0)
FAIL = Moment(verdict("FAIL", "errors: beyond"), seconds=1.0, counted=1.0)
HELD = "ada on ci-1 said hold; ./slipway resume lets it go on"
SILENT = replace(HOLD, verdict=verdict("HOLD", "PASS waits for any request", requests=0))

ROWS = {
    "a PASS after the least time": (READY, Leave()),
    "a PASS to the second": (replace(READY, seconds=120.0, counted=0.0), Leave()),
    "a PASS before the least time": (
        replace(READY, seconds=119.9, counted=119.9),
        Stay("PASS; a step lasts at least 120 s"),
    ),
    "a PASS after the most": (replace(READY, seconds=9e9, counted=9e9), Leave()),
    "a PASS outside the hours": (
        replace(READY, open=False),
        Stay("waiting for the stage's rollout hours", paused=True),
    ),
    "a PASS outside the hours after the most": (
        replace(READY, open=False, seconds=9e9, counted=9e9),
        Stay("waiting for the stage's rollout hours", paused=True),
    ),
    "no PASS outside the hours": (replace(HOLD, open=False), Stay("PASS waits for proof of score")),
    "a PASS and evidence that cannot be read": (
        replace(READY, trouble="evidence is missing: Rate exceeded"),
        Stay("evidence is missing: Rate exceeded"),
    ),
    "evidence that cannot be read for too long": (
        replace(READY, trouble="evidence is missing: Rate exceeded", counted=600.0),
        TakeBack("held for 600 s without a PASS: evidence is missing: Rate exceeded"),
    ),
    "HOLD": (HOLD, Stay("PASS waits for proof of score")),
    "HOLD just before the limit": (replace(HOLD, counted=599.9), Stay("PASS waits for proof of score")),
    "HOLD at the limit": (
        replace(HOLD, counted=600.0),
        TakeBack("held for 600 s without a PASS: PASS waits for proof of score"),
    ),
    "time that does not count": (replace(HOLD, seconds=9e9), Stay("PASS waits for proof of score")),
    "no traffic": (
        SILENT,
        Stay(
            "no traffic to judge by: send the endpoint requests (candidate and live have to answer some), "
            "or take it back with ./slipway abort"
        ),
    ),
    "no traffic yet": (replace(SILENT, seconds=29.9), Stay("PASS waits for any request")),
    "FAIL at once": (FAIL, TakeBack("the judge says FAIL: errors: beyond")),
    "FAIL while held": (
        replace(FAIL, order=order("hold")),
        TakeBack("the judge says FAIL: errors: beyond"),
    ),
    "FAIL outside the hours, in trouble": (
        replace(FAIL, open=False, trouble="throttled"),
        TakeBack("the judge says FAIL: errors: beyond"),
    ),
    "abort": (
        replace(READY, order=order("abort", "callers complain")),
        TakeBack("ada on ci-1 said abort: callers complain"),
    ),
    "abort and FAIL": (replace(FAIL, order=order("abort")), TakeBack("ada on ci-1 said abort")),
    "held with a PASS": (replace(READY, order=order("hold")), Stay(HELD, paused=True)),
    "held past the limit": (
        replace(HOLD, order=order("hold", "the scores"), counted=9e9),
        Stay("ada on ci-1 said hold: the scores; ./slipway resume lets it go on", paused=True),
    ),
    "resumed with a PASS": (replace(READY, order=order("resume")), Leave()),
    "resumed without one": (
        replace(HOLD, order=order("resume"), counted=599.9),
        Stay("PASS waits for proof of score"),
    ),
}


@pytest.mark.parametrize(("moment", "wanted"), ROWS.values(), ids=ROWS.keys())
def test_every_row(moment, wanted):
    assert leaves(BESIDE, moment) == wanted


def test_alone_the_stages_limits_speak_and_no_traffic_is_not_live_s():
    assert leaves(ALONE, FAIL) == TakeBack("under the stage's limits: FAIL: errors: beyond")
    assert leaves(ALONE, SILENT) == Stay("PASS waits for any request")


def test_the_hours_are_about_more_traffic_and_nothing_waits_for_them_where_no_more_follows():
    assert leaves(ALONE, replace(READY, open=False)) == Leave()


class Moved:
    """Steps as `begins` sees them."""

    def __init__(self, share, watch=BESIDE):
        self.share, self.watch = share, watch


CLOSED = Stay("waiting for the stage's rollout hours", paused=True)


@pytest.mark.parametrize(
    ("step", "given_order", "is_open", "wanted"),
    [
        (Moved(5), None, True, Leave()),
        (Moved(5), None, False, CLOSED),
        (Moved(100, ALONE), None, False, CLOSED),
        (Moved(0), None, False, Leave()),
        (Moved(0, None), None, False, Leave()),
        (Moved(100, None), None, False, Leave()),
        (Moved(5), order("hold"), True, Stay(HELD, paused=True)),
        (Moved(0), order("hold"), True, Stay(HELD, paused=True)),
        (Moved(0, None), order("hold"), True, Leave()),
        (Moved(5), order("resume"), True, Leave()),
        (Moved(5), order("resume"), False, CLOSED),
        (Moved(0, None), order("abort", "no"), False, TakeBack("ada on ci-1 said abort: no")),
        (Moved(5), order("abort", "no"), True, TakeBack("ada on ci-1 said abort: no")),
    ],
)
def test_what_a_step_waits_for_before_its_traffic_moves(step, given_order, is_open, wanted):
    assert begins(cast(Step, step), given_order, is_open) == wanted


moments = st.builds(
    Moment,
    verdict=st.builds(verdict, st.sampled_from(Decision), requests=st.integers(0, 3)),
    seconds=st.floats(0, 1e6),
    counted=st.floats(0, 1e6),
    trouble=st.sampled_from(["", "throttled"]),
    order=st.sampled_from([None, order("hold"), order("resume"), order("abort")]),
    open=st.booleans(),
)
watches = st.builds(Watch, st.booleans(), st.floats(0, 1e5), st.floats(0, 1e6))


@given(watch=watches, moment=moments)
def test_whatever_the_moment(watch, moment):
    found, wish = leaves(watch, moment), moment.order.wish if moment.order else None
    ready = moment.verdict.decision is Decision.PASS and not moment.trouble
    if isinstance(found, Leave):
        assert ready
        assert wish not in {"hold", "abort"}
        assert moment.seconds >= watch.least
    if wish == "abort" or moment.verdict.decision is Decision.FAIL:
        assert isinstance(found, TakeBack)
    elif wish == "hold":
        assert isinstance(found, Stay)
        assert found.paused
    elif not ready and moment.counted >= watch.most:
        assert isinstance(found, TakeBack), "missing evidence never waits for ever"
    if isinstance(found, Stay | TakeBack):
        assert found.reason
