"""A feature that alone explains the label was most likely made from it, or is known only afterwards."""

from collections.abc import Sequence

from model.contract import Service
from model.training.kinds.gate import Gate, at_most
from model.training.kinds.table import measures_of
from model.training.measured import Measured


def gates(service: Service, measured: Measured) -> Sequence[Gate]:
    """One gate, on the feature that explains most."""
    if measured.leak is None:
        return ()
    what = f"the {measures_of(service).word} of {measured.leak.feature} alone"
    return (at_most("leakage", measured.leak.value, service.bounds.leakage, what),)
