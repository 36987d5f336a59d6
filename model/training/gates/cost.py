"""What one answer costs, and how large the graph is: a model nobody can wait for is no better one."""

from collections.abc import Sequence

from model.contract import Service
from model.training.kinds.gate import Gate, at_most
from model.training.measured import Measured


def gates(service: Service, measured: Measured) -> Sequence[Gate]:
    """Time and size, as far as they were measured."""
    found, bounds = [], service.bounds
    if measured.milliseconds is not None:
        what = "the least time for one row, in milliseconds on this machine,"
        found.append(at_most("latency", measured.milliseconds, bounds.milliseconds, what, ".2f"))
    if measured.megabytes is not None:
        what = "the size of the graph, in MB,"
        found.append(at_most("size", measured.megabytes, bounds.megabytes, what, ".1f"))
    return found
