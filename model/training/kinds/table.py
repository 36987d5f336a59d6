"""The kinds by name. One that the inference server cannot serve has none (`model.contract.SERVED`)."""

from collections.abc import Mapping

from model.contract import Service, refuse_unserved
from model.training.kinds.binary import BINARY
from model.training.kinds.measures import Measures
from model.training.kinds.regression import REGRESSION

KINDS: Mapping[str, Measures] = {"binary": BINARY, "regression": REGRESSION}


def measures_of(service: Service) -> Measures:
    """How the service's scores are measured. Raises ServiceError for a kind that nothing serves."""
    refuse_unserved(service)
    return KINDS[service.kind]
