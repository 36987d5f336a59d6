"""The quality gates: what a model must reach before it may become a release. Pure functions of measures.

The bounds are the service's. A gate whose value could not be measured (NaN) fails. A gate that does not apply
is not in the list: the `champion` gate exists only when a champion was given.

quality     the checks of scores, which are the kind's (`model.training.kinds`)
slices      the weakest value of a column
fairness    how far apart the groups of a protected column lie
comparison  beside the yardstick and the champion, on the same rows
leakage     a single feature that explains the label
freshness   how long ago the training rows end
parity      the graph beside scikit-learn
cost        one answer's time, and the graph's size
"""

from collections.abc import Sequence

from model.contract import Service
from model.training.evaluation import Evaluation
from model.training.gates import comparison, cost, fairness, freshness, leakage, parity, quality, slices
from model.training.kinds.gate import Gate
from model.training.measured import Measured


def evaluate(service: Service, test: Evaluation, measured: Measured) -> tuple[Gate, ...]:
    """All gates, in the order in which a person reads them."""
    return (
        *quality.gates(service, test),
        *slices.gates(service, test),
        *fairness.gates(service, test),
        *comparison.gates(service, measured),
        *leakage.gates(service, measured),
        *freshness.gates(service, measured),
        *parity.gates(service, measured),
        *cost.gates(service, measured),
    )


def passed(gates: Sequence[Gate]) -> bool:
    """Whether every gate passed. No gates is no evidence, and does not pass."""
    return bool(gates) and all(gate.passed for gate in gates)
