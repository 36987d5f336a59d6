"""The weakest value of each of the service's slices: a good average can hide one that is ruined."""

import math
from collections.abc import Mapping, Sequence

from model.contract import Service, Slice
from model.training.evaluation import Evaluation
from model.training.kinds.gate import Gate, at_least
from model.training.kinds.measures import Measures
from model.training.kinds.table import measures_of


def gates(service: Service, test: Evaluation) -> Sequence[Gate]:
    """One gate a slice."""
    measures = measures_of(service)
    return [_weakest(measures, each, test.slices[each.column]) for each in service.slices]


def _weakest(measures: Measures, slice_: Slice, by: Mapping[str, float]) -> Gate:
    """The smallest value of the slices; one that was not measured is the weakest of all."""
    name = f"{measures.main}_by_{slice_.column}"
    what = f"the weakest {slice_.what}'s {measures.word}"
    if not by:
        return at_least(name, math.nan, slice_.floor, f"{what} (none has enough rows)")
    weakest = min(by, key=lambda key: -math.inf if math.isnan(by[key]) else by[key])
    return at_least(name, by[weakest], slice_.floor, f"{what} ({weakest})")
