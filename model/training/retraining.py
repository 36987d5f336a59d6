"""What a retrain learns from: the service's own rule, or what somebody asks for."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from model.contract import Service, shown
from model.errors import ServiceError
from model.space import Value, value

_WORDS = "Nothing was trained."


@dataclass(frozen=True)
class Learnt:
    """What would be learned, and what the champion has learned."""

    model: str
    options: Mapping[str, str]
    rows: str
    """The training rows, in words."""
    data_version: str
    about: Mapping[str, str]
    """What the artifact would say of the split."""
    live: Mapping[str, Any]
    """What the champion's artifact says."""


@dataclass(frozen=True)
class Wanted:
    """What somebody asks for: a pipeline, own options, a last period; None where the service decides."""

    model: str | None = None
    options: Mapping[str, str] | None = None
    until: str | None = None


def look(service: Service, champion: Path, wanted: Wanted, cache: Path) -> Learnt:
    """What a retrain beside the artifact `champion` would learn. Raises a ModelError."""
    # The libraries of training, which a command's --help needs not.
    from model.training.champion import read_champion, split_beside
    from model.training.data_file import data_file
    from model.training.loading import load

    found = read_champion(champion, service)
    options = options_of(service, found.about, wanted)
    split = split_beside(service, options, found, champion)
    data = data_file(service, load(service, cache))
    return Learnt(
        model=_model(service, found.about, wanted.model),
        options=options,
        rows=split.train.label,
        data_version=data.version,
        about=split.about,
        live=found.about,
    )


def options_of(service: Service, live: Mapping[str, Any], wanted: Wanted) -> dict[str, str]:
    """The service's own options for the next training: its rule's, and over them those that are asked for.

    Raises ServiceError where nothing is asked for and the service has no rule.
    """
    given = dict(wanted.options or {})
    if type(service).retrain_options is Service.retrain_options:
        if given and wanted.until is None:
            return _defaults(service) | given
        raise ServiceError(
            f"The service {service.name} does not say what a retrain learns from.",
            _WORDS,
            f"Give it a method {shown('retrain_options')} (docs/own-model.md)"
            + (f"; or name the window: --{next(iter(service.options))} TEXT" if service.options else "."),
        )
    ruled = dict(service.retrain_options(live, wanted.until))
    if unknown := sorted(set(ruled) - set(service.options)):
        raise ServiceError(
            f"retrain_options of {service.name} names options that it does not have: {', '.join(unknown)}.",
            _WORDS,
            f"Have it return some of: {', '.join(service.options) or 'none, an empty mapping'}.",
        )
    return _defaults(service) | {name: str(value) for name, value in ruled.items()} | given


def parameters_of(service: Service, live: Mapping[str, Any], model: str) -> dict[str, Value]:
    """What was set of the live model's pipeline, for one of the same name: what a search found stays.

    What the service's space has no more, or not as wide any more, is as the service builds it.
    """
    if live.get("model") != model:
        return {}
    found: dict[str, Value] = {}
    for name, known in service.space(model).items():
        with suppress(KeyError, ValueError):
            found[name] = value(known, str(live["parameters"][name]))
    return found


def _defaults(service: Service) -> dict[str, str]:
    return {name: option.default for name, option in service.options.items()}


def _model(service: Service, live: Mapping[str, Any], asked: str | None) -> str:
    """The pipeline that is asked for, else the champion's, where there still is one of that name."""
    return next(name for name in (asked, live.get("model"), service.models[0]) if name in service.models)
