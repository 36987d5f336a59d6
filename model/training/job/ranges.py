"""What may be tried, as SageMaker's tuning jobs are told it, and what they tried, as trials. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from model.contract import Service
from model.space import Choice, Parameters, Range, Real, Space, Whole, value
from model.training.errors import SearchError
from model.training.kinds.table import measures_of
from model.training.search import Trial, refuse_nothing, searched


def ranges(
    service: Service, model: str, trials: int, fixed: Parameters
) -> dict[str, Sequence[Mapping[str, Any]]]:
    """The space of a pipeline without what is `fixed`, as ParameterRanges, by the names of SageMaker's SDK.

    Raises SearchError where there is nothing to try.
    """
    refuse_nothing(service, model, trials, fixed)
    space = searched(service, model, fixed)
    kinds: dict[str, list[Mapping[str, Any]]] = {
        "integer_parameter_ranges": [],
        "continuous_parameter_ranges": [],
        "categorical_parameter_ranges": [],
    }
    for name, each in space.items():
        kind, members = _members(each)
        kinds[kind].append({"name": name, **members})
    return {kind: found for kind, found in kinds.items() if found}


def objective(service: Service) -> str:
    """The measure of the validation rows that a search goes by, by its name in the log."""
    return f"validation_{measures_of(service).main}"


def trials(
    space: Space, tried: Iterable[tuple[Mapping[str, str], float | None]], fixed: Parameters
) -> tuple[Trial, ...]:
    """What a tuning job tried, in order, each with what is `fixed`.

    Raises SearchError for a value that the space has not.
    """
    return tuple(
        Trial(number, {**fixed, **_values(space, texts)}, measured)
        for number, (texts, measured) in enumerate(tried)
    )


def _members(each: Range) -> tuple[str, dict[str, Any]]:
    match each:
        case Whole(low, high, log):
            return "integer_parameter_ranges", _between(low, high, log)
        case Real(low, high, log):
            return "continuous_parameter_ranges", _between(low, high, log)
        case Choice(values):
            return "categorical_parameter_ranges", {"values": [str(one) for one in values]}


def _between(low: float, high: float, log: bool) -> dict[str, str]:
    scale = "Logarithmic" if log else "Linear"
    return {"min_value": str(low), "max_value": str(high), "scaling_type": scale}


def _values(space: Space, texts: Mapping[str, str]) -> Parameters:
    try:
        return {name: value(space[name], text) for name, text in texts.items() if name in space}
    except ValueError as error:
        raise SearchError(
            f"The tuning job tried what the service's space has not: {error}.",
            "Its best model is not taken.",
            "Start it anew with the space of today: the same command with --again",
        ) from error
