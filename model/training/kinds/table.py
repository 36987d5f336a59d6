"""The kinds by name."""

from model.contract import Service
from model.training.kinds import multiclass
from model.training.kinds.binary import BINARY
from model.training.kinds.measures import Measures
from model.training.kinds.regression import REGRESSION


def measures_of(service: Service) -> Measures:
    """How the service's scores are measured."""
    match service.kind:
        case "binary":
            return BINARY
        case "regression":
            return REGRESSION
        case "multiclass":
            return multiclass.measures(service.output.classes)
