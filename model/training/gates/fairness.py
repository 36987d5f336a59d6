"""How far apart the groups of a protected column lie, where the service bounds that."""

import math
from collections.abc import Sequence

from model.contract import Service
from model.declarations import FAIRNESS
from model.training.evaluation import Evaluation
from model.training.fairness import Fairness
from model.training.kinds.gate import Gate, at_most


def gates(service: Service, test: Evaluation) -> Sequence[Gate]:
    """A gate for each bound of each protected column."""
    return [
        _gate(table, measure, bound)
        for table in test.fairness
        for measure in FAIRNESS[service.kind]
        if (bound := getattr(table.protected, measure)) is not None
    ]


def _gate(table: Fairness, measure: str, bound: float) -> Gate:
    """The largest distance between two groups that are large enough; fewer than two cannot be compared."""
    judged, column = table.judged(measure), table.protected.column
    chosen = table.protected.selected
    name, what = f"{measure}_by_{column}", f"the distance in {measure.replace('_', ' ')} by {column}"
    if chosen is not None:
        name, what = f"{measure}_of_{chosen}_by_{column}", f"{what}, of the class {chosen}"
    small = table.too_small(measure)
    passed_over = f", too small to be judged: {', '.join(small)}" if small else ""
    if len(judged) < 2:
        least = f"{table.protected.least_rows:,}"
        return at_most(name, math.nan, bound, f"{what} (fewer than two groups have {least} rows for it)")
    low = min(judged, key=lambda group: judged[group].value)
    high = max(judged, key=lambda group: judged[group].value)
    if any(math.isnan(one.value) for one in judged.values()):
        return at_most(name, math.nan, bound, what)
    apart = judged[high].value - judged[low].value
    error = math.hypot(judged[high].error, judged[low].error)
    ends = f"{high} {judged[high].value:.3f}, {low} {judged[low].value:.3f}{passed_over}"
    return at_most(name, apart, bound, f"{what} ({ends}), with a standard error of {error:.4f},")
