"""One reason per metric: what was seen, how sure that is, against which margin, and what would decide it."""

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from release.domain.policy import Policy
from release.judge.cells import SPANS, latency_edge
from release.judge.growth import per_request
from release.judge.process import Processes
from release.judge.questions import Question
from release.judge.verdict import Reason

Array = NDArray[np.float64]


def reasons(
    processes: Processes, shares: Array, policy: Policy, spread: Array, counted: Array
) -> tuple[Reason, ...]:
    """A reason for each metric that is required or has evidence, in the order of the questions.

    `shares` (Q,) are the logs of the FAIL processes times their weights, -inf for one that noise explains.
    `spread` (Q,) is that of `release/judge/process.py`'s Expected. `counted` (2, CELLS) are all counts of
    candidate and live, from which latencies are told in milliseconds.
    """
    bounds = processes.excess(policy.alpha)
    table = processes.table.questions
    fails = processes.table.fails
    short = np.where(fails, shares + math.log(policy.alpha), processes.log_wealth + math.log(policy.beta))
    if np.logaddexp.reduce(shares[fails]) >= -math.log(policy.alpha):
        # Together they are beyond 1/alpha; the largest is what a reader wants to see.
        worst = int(np.argmax(np.where(fails, shares, -np.inf)))
        short[worst] = max(short[worst], 0.0)
    seen = np.vstack([processes.totals, processes.values]).T
    found = []
    for metric in dict.fromkeys(q.metric for q in table):
        rows = [i for i, q in enumerate(table) if q.metric == metric]
        if metric not in policy.require and not processes.totals[0, rows].any():
            continue
        row = _telling(table, rows, short)
        found.append(_reason(table, rows, row, seen, short, bounds, spread))
        if metric == "latency":
            found[-1] = replace(found[-1], detail=_milliseconds(counted))
    return tuple(found)


def _milliseconds(counted: Array) -> str:
    """Latencies of both in words, from their histograms; empty without any."""
    sums = counted[:, SPANS["latency"].start : SPANS["latency"].stop].cumsum(axis=1)
    if not sums[:, -1].all():
        return ""
    words = []
    for share in (0.5, 0.9, 0.99):
        bins = [int(np.searchsorted(row, share * row[-1])) for row in sums]
        mine, theirs = (1000 * latency_edge(index + 0.5) for index in bins)
        words.append(f"p{100 * share:.0f} {mine:.3g} beside {theirs:.3g} ms")
    return ", ".join(words)


def _telling(table: tuple[Question, ...], rows: list[int], short: Array) -> int:
    """The row that tells most: the one furthest beyond its FAIL margin, else the weakest proof of PASS."""
    fails = [i for i in rows if table[i].side > 0]
    worst = max(fails, key=lambda i: short[i])
    weakest = min((i for i in rows if table[i].side < 0), key=lambda i: short[i])
    return worst if short[worst] >= 0 else weakest


def _reason(
    table: tuple[Question, ...],
    rows: list[int],
    row: int,
    seen: Array,
    short: Array,
    bounds: Array,
    spread: Array,
) -> Reason:
    question = table[row]
    n_c, n_b, sum_c, sum_b = seen[row]
    stem = question.name.removesuffix(" ok").removesuffix(" capped")
    twins = {table[i].side: i for i in rows if table[i].name.removesuffix(" ok") == stem}
    fail, good = twins.get(1, row), twins.get(-1)
    mean_c, mean_b = float(sum_c / max(n_c, 1)), float(sum_b / max(n_b, 1))
    beyond = max(short[i] for i in rows if table[i].side > 0) >= 0
    proven = all(short[i] >= 0 for i in rows if table[i].side < 0)
    state = "beyond" if beyond else "within" if proven else "undecided" if n_c else "no evidence"
    return Reason(
        metric=question.metric,
        question=stem,
        says=question.value.says,
        candidate=mean_c,
        live=mean_b,
        requests=int(n_c),
        live_requests=int(n_b),
        fails=_margin(table[fail]),
        at_least=_number(bounds[fail]),
        passes=None if good is None else _margin(table[good]),
        at_most=None if good is None else _number(bounds[good]),
        fail_evidence=_number(short[fail]),
        pass_evidence=None if good is None else float(short[good]),
        state=state,
        needs=_needs(question, short[row], mean_c, mean_b, n_b / max(n_c, 1), spread[row])
        if state == "undecided"
        else None,
    )


def _margin(question: Question) -> str:
    live = "live" if question.times == 1 else f"{question.times:g} x live"
    if question.shift:
        live += f" slowed by {100 * (question.slowed - 1):.0f} %"
    if question.amount:
        of_objective = f"{100 * question.amount:g} % of the objective"
        amount = of_objective if question.group == "pace" else f"{1000 * question.amount:g} ms"
        live += f" ({amount} at least)" if question.shift else f" slowed by {amount}"
    compared = "candidate" if question.one_sample else f"candidate - {live}"
    word, side = ("fails", "above") if question.side > 0 else ("passes", "below")
    return f"{word} when {compared} is {side} {100 * question.plus:.3g} %"


def _needs(
    question: Question, short: float, candidate: float, live: float, ratio: float, spread: float
) -> int | None:
    growth = per_request(question, candidate, live, ratio, spread)
    return math.ceil(-short / growth) if growth > 1e-7 and short < 0 else None


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
