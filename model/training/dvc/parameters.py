"""What `params.yaml` says: which service's model is trained, and how."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML, YAMLError

from model import finding
from model.contract import Service, Split
from model.errors import ModelError
from model.training.dvc.files import PARAMETERS
from model.training.tracking import trackers


class ParametersError(ModelError):
    """`params.yaml` is not there, or says what nothing can be made of."""


@dataclass(frozen=True)
class Parameters:
    """The service and what is asked of its training."""

    service: Service
    model: str
    options: Mapping[str, str]
    """The service's own, as `./slipway train` takes them."""
    trackers: tuple[trackers.Name, ...]

    @property
    def split(self) -> Split:
        """Which rows train, validate and test; beside no champion, since what is live is not in Git."""
        return self.service.split(self.options, None)


def parameters(folder: Path) -> Parameters:
    """The parameters in `folder`. Raises a ModelError for what is missing or unknown in them."""
    path = folder / PARAMETERS
    try:
        said: Any = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    except (OSError, YAMLError) as error:
        raise _wrong(path, f"cannot be read: {error}") from error
    try:
        asked, model, own = str(said["service"]), str(said["model"]), dict(said.get("options") or {})
        recorded_by = trackers.parse(str(said.get("trackers", "none")))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise _wrong(path, f"is not complete: it needs service and model ({error!r})") from error
    service = finding.load(finding.find(asked, folder))
    if model not in service.models:
        raise _wrong(path, f"asks for the model {model!r}; {service.name} has {', '.join(service.models)}")
    if unknown := sorted(set(own) - set(service.options)):
        raise _wrong(path, f"has options that {service.name} does not know: {', '.join(unknown)}")
    defaults = {name: option.default for name, option in service.options.items()}
    return Parameters(
        service, model, defaults | {name: str(value) for name, value in own.items()}, recorded_by
    )


def _wrong(path: Path, why: str) -> ParametersError:
    return ParametersError(
        f"{path} {why}.", "The stage made nothing.", "Correct it (docs/data.md), then: dvc repro"
    )
