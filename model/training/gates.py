"""The quality gates: what a model must reach before it may become a release. Pure functions of measures.

The bounds are the service's (`model.service.bounds`). A gate whose value could not be measured (NaN) fails. A
gate that does not apply is not in the list: the `champion` gate exists only when a champion was given.
Accuracy is no gate here: a model that always says "on time" scores .754.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from model.service import bounds
from model.training.evaluation import Evaluation


@dataclass(frozen=True)
class Gate:
    """One check's outcome: the `value` measured, the `bound` it was compared with, and a sentence on it."""

    name: str
    passed: bool
    value: float | None
    bound: float
    reason: str


def evaluate(
    test: Evaluation, yardstick_gain: float, champion_gain: float | None, parity: float
) -> tuple[Gate, ...]:
    """All gates, in the order in which a person reads them.

    `yardstick_gain` and `champion_gain` are paired AUC differences (`evaluation.auc_gain`) against the simple
    model trained on all history, and against the live model when one was given. `parity` is the largest
    difference between the graph's and scikit-learn's scores.
    """
    gates = [
        _at_least("auc", test.auc, bounds.AUC_FLOOR, "the test month's AUC"),
        _at_most(
            "log_loss",
            test.log_loss_ratio,
            bounds.LOG_LOSS_CEILING,
            "the log loss, relative to the constant prior's,",
        ),
        _calibration(test.bias),
        _weakest("auc_by_origin", test.auc_by_origin, bounds.ORIGIN_FLOOR, "airport"),
        _weakest("auc_by_carrier", test.auc_by_carrier, bounds.CARRIER_FLOOR, "carrier"),
        _gain("yardstick", yardstick_gain, "a logistic model on all history"),
    ]
    if champion_gain is not None:
        gates.append(_gain("champion", champion_gain, "the champion"))
    gates.append(
        _at_most("parity", parity, bounds.PARITY_LIMIT, "the largest difference from scikit-learn", ".1e")
    )
    return tuple(gates)


def passed(gates: tuple[Gate, ...]) -> bool:
    """Whether every gate passed. No gates is no evidence, and does not pass."""
    return bool(gates) and all(gate.passed for gate in gates)


def _calibration(bias: float) -> Gate:
    side = "above" if bias > 0 else "below"
    return _at_most(
        "calibration", abs(bias), bounds.BIAS_LIMIT, f"the mean score's distance {side} the base rate"
    )


def _gain(name: str, value: float, over: str) -> Gate:
    return _at_least(name, value, bounds.GAIN_FLOOR, f"the AUC gained over {over}", "+.4f")


def _weakest(name: str, by: Mapping[str, float], bound: float, what: str) -> Gate:
    """The smallest value of the groups; a group that was not measured is the weakest of all."""
    if not by:
        return _at_least(name, math.nan, bound, f"the weakest {what}'s AUC (none has enough rows)")
    group = min(by, key=lambda key: -math.inf if math.isnan(by[key]) else by[key])
    return _at_least(name, by[group], bound, f"the weakest {what}'s AUC ({group})")


def _at_least(name: str, value: float, bound: float, what: str, form: str = ".3f") -> Gate:
    return _gate(name, value >= bound, value, bound, what, f"at least {bound:g}", form)


def _at_most(name: str, value: float, bound: float, what: str, form: str = ".3f") -> Gate:
    return _gate(name, value <= bound, value, bound, what, f"at most {bound:g}", form)


def _gate(name: str, holds: bool, value: float, bound: float, what: str, wanted: str, form: str) -> Gate:
    """`value` becomes None when it is not a number, so that the evidence stays plain JSON."""
    measured = value if math.isfinite(value) else None
    shown = "not measured" if measured is None else format(measured, form)
    # An infinite value can satisfy a comparison; what cannot be written down as evidence cannot pass.
    kept = bool(holds) and measured is not None
    return Gate(
        name,
        kept,
        measured,
        bound,
        f"{what} is {shown} ({wanted})" if kept else f"{what} is {shown}; it must be {wanted}",
    )
