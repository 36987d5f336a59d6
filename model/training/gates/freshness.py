"""How long before the test rows the training rows end: a world that moves on leaves an old model behind."""

from collections.abc import Sequence

from model.contract import Service
from model.training.kinds.gate import Gate, at_most
from model.training.measured import Measured


def gates(service: Service, measured: Measured) -> Sequence[Gate]:
    """One gate, where the service bounds it and its split says when rows are from."""
    bound = service.bounds.behind_days
    if bound is None or measured.behind_days is None:
        return ()
    what = "the time from the last training row to the first test row, in days,"
    return (at_most("freshness", measured.behind_days, bound, what, ".0f"),)
