"""The graph that serves beside the pipeline that was trained: some conversions are wrong without an error."""

from collections.abc import Sequence

from model.contract import Service
from model.training.kinds.gate import Gate, at_most
from model.training.measured import Measured


def gates(service: Service, measured: Measured) -> Sequence[Gate]:
    """One gate."""
    difference = "the largest difference from scikit-learn"
    return (at_most("parity", measured.parity, service.bounds.parity, difference, ".1e"),)
