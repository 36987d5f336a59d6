"""One check of a model, from what was measured and the bound to a sentence on it. Pure."""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Gate:
    """One check's outcome: the `value` measured, the `bound` it was compared with, and a sentence on it."""

    name: str
    passed: bool
    value: float | None
    bound: float
    reason: str


def at_least(name: str, value: float, bound: float, what: str, form: str = ".3f") -> Gate:
    """Passes when `value` reaches `bound`; `what` was measured, shown in `form`."""
    return _gate(name, value >= bound, value, bound, what, f"at least {bound:g}", form)


def at_most(name: str, value: float, bound: float, what: str, form: str = ".3f") -> Gate:
    """Passes when `value` does not exceed `bound`; `what` was measured, shown in `form`."""
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
