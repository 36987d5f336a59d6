"""The quality gates: what a model must reach before it may become a release. Pure functions of measures.

The bounds are the service's, the checks of scores its kind's (`model.training.kinds`); slices, comparisons
and parity are the same for all. A gate whose value could not be measured (NaN) fails. A gate that does not
apply is not in the list: the `champion` gate exists only when a champion was given.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from model.contract import Service, Slice
from model.training.evaluation import Evaluation
from model.training.kinds.gate import Gate, at_least, at_most
from model.training.kinds.measures import Measures
from model.training.kinds.table import measures_of


@dataclass(frozen=True)
class Compared:
    """The candidate beside others, on the same rows. None where there is nobody to compare it with."""

    parity: float
    """The largest difference between the graph's and scikit-learn's scores, in parts of the output's span."""
    yardstick: float | None = None
    """Main measure gained over the simple model trained on all history."""
    champion: float | None = None
    """Main measure gained over the live model."""


def evaluate(service: Service, test: Evaluation, compared: Compared) -> tuple[Gate, ...]:
    """All gates, in the order in which a person reads them."""
    measures, bounds = measures_of(service), service.bounds
    gates = [*measures.gates(test.values, bounds)]
    gates += [_weakest(measures, each, test.slices[each.column]) for each in service.slices]
    for name, value, over in (
        ("yardstick", compared.yardstick, f"a {service.yardstick} model on all history"),
        ("champion", compared.champion, "the champion"),
    ):
        if value is not None:
            what = f"the {measures.word} gained over {over}"
            gates.append(at_least(name, value, bounds.gain, what, "+.4f"))
    difference = "the largest difference from scikit-learn"
    return (*gates, at_most("parity", compared.parity, bounds.parity, difference, ".1e"))


def passed(gates: Sequence[Gate]) -> bool:
    """Whether every gate passed. No gates is no evidence, and does not pass."""
    return bool(gates) and all(gate.passed for gate in gates)


def _weakest(measures: Measures, slice_: Slice, by: Mapping[str, float]) -> Gate:
    """The smallest value of the slices; one that was not measured is the weakest of all."""
    name = f"{measures.main}_by_{slice_.column}"
    what = f"the weakest {slice_.what}'s {measures.word}"
    if not by:
        return at_least(name, math.nan, slice_.floor, f"{what} (none has enough rows)")
    weakest = min(by, key=lambda key: -math.inf if math.isnan(by[key]) else by[key])
    return at_least(name, by[weakest], slice_.floor, f"{what} ({weakest})")
