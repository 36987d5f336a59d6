"""How a training in a container tells its measures, and the patterns by which SageMaker reads them. Pure."""

from model.contract import Service
from model.training.kinds.table import measures_of

_PARTS = ("validation", "test")


def line(name: str, value: float) -> str:
    """A measure as a line of the log."""
    return f"metric {name}={float(value)!r};"


def definitions(service: Service) -> dict[str, str]:
    """The measures of a service that SageMaker is to read, each with its pattern (MetricDefinitions)."""
    main = measures_of(service).main
    names = [*(f"{part}_{main}" for part in _PARTS), "cpu_seconds", "peak_memory_mb"]
    return {name: rf"^metric {name}=([-+0-9.e]+);" for name in names}
