"""What a soak has to show, from what was measured. Pure: values in, values out."""

from collections.abc import Sequence
from statistics import median

from bench.serving.checks import Check
from bench.serving.soak.traffic import Outcome
from bench.serving.soak.watch import Sample, Told

MOST_GROWTH = 3.0
"""Per cent, of each worker."""
WARM_SECONDS = 300.0
"""Growth counts from here, or from a fifth of a shorter run."""
SPAN_SECONDS = 60.0
"""The beginning and the end are medians of so long, or of a tenth of a shorter run."""
LONG_ENOUGH = 15 * 60.0
"""A shorter run shows growth that means nothing: it is still warming up."""
_MOST_LISTED = 5


def growth(samples: Sequence[Sample], worker: int) -> float | None:
    """How much larger a worker is at the end than when it was warm, in per cent; None without data."""
    if not samples:
        return None
    last = samples[-1].seconds
    warm, span = min(WARM_SECONDS, last / 5), min(SPAN_SECONDS, last / 10)
    before = [s.workers[worker] for s in samples if warm <= s.seconds <= warm + span and worker in s.workers]
    after = [s.workers[worker] for s in samples if s.seconds >= last - span and worker in s.workers]
    return 100 * (median(after) / median(before) - 1) if before and after else None


def evaluate(
    samples: Sequence[Sample],
    sent: Outcome,
    told: Told,
    exit_code: int | None,
    errors_logged: Sequence[str],
) -> list[Check]:
    """Everything that had to hold."""
    return [
        _memory(samples),
        Check("every request was answered", not sent.drops, _drops(sent)),
        Check("every answer was right", not sent.wrongs, _listed(sent.wrongs, sent.wrong, "wrong")),
        _windows(sent, told),
        Check(
            "no error is in the log", not errors_logged, _listed(len(errors_logged), errors_logged, "lines")
        ),
        Check("after SIGTERM under load the exit code is 0", exit_code == 0, f"it was {exit_code}"),
    ]


def _memory(samples: Sequence[Sample]) -> Check:
    first, last = (samples[0].workers, samples[-1].workers) if samples else ({}, {})
    grown = {worker: growth(samples, worker) for worker in first}
    known = [value for value in grown.values() if value is not None]
    same = first.keys() == last.keys() and len(known) == len(first) > 0
    ok: bool | None = same and max(known) <= MOST_GROWTH
    if same and samples[-1].seconds < LONG_ENOUGH:
        ok = None
    found = ", ".join(
        f"worker {index + 1} {first[worker]:.1f} to {last[worker]:.1f} MB ({_signed(grown[worker])})"
        for index, worker in enumerate(first)
        if worker in last
    )
    return Check(f"no worker's memory grows by more than {MOST_GROWTH:.0f} %", ok, found or "no worker lived")


def _windows(sent: Outcome, told: Told) -> Check:
    pairs = {
        "requests": (sum(sent.statuses.values()), told.requests),
        "rows": (sent.rows, told.rows),
        "refused rows": (sent.refused_rows, told.refused_rows),
        **{f"of {s}": (sent.statuses[s], told.statuses[s]) for s in {*sent.statuses, *told.statuses}},
    }
    off = [
        f"{name}: {ours} were, windows say {theirs}"
        for name, (ours, theirs) in pairs.items()
        if ours != theirs
    ]
    if told.gaps:
        off.append(f"{told.gaps} gaps between a worker's windows")
    right = f"{told.requests} requests and {told.rows} rows in {told.windows} windows"
    return Check("windows sum up to exactly what was answered", not off, "; ".join(off) or right)


def _drops(sent: Outcome) -> str:
    late = f"; after SIGTERM {sent.turned_away} new connections were not taken" if sent.turned_away else ""
    return f"{sent.answered} answered, " + _listed(sent.drops, sent.dropped, "dropped") + late


def _listed(count: int, examples: Sequence[str], what: str) -> str:
    return f"{count} {what}" + "".join(f"; {example}" for example in examples[:_MOST_LISTED])


def _signed(value: float | None) -> str:
    return "unknown" if value is None else f"{value:+.1f} %"
