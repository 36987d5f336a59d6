"""What the service's kind asks of the scores on the test rows."""

from collections.abc import Sequence

from model.contract import Service
from model.training.evaluation import Evaluation
from model.training.kinds.gate import Gate
from model.training.kinds.table import measures_of


def gates(service: Service, test: Evaluation) -> Sequence[Gate]:
    """The gates of the kind."""
    return measures_of(service).gates(test.values, service.bounds)
