"""What a training job is asked for, as SageMaker carries it: names and texts of up to 256 characters. Pure.

model                     one of the service's models
months, …                 the service's own options, by their names
slipway.origin            what the service calls the source of the data
slipway.sha256            the SHA-256 of the one file in the channel `data`
slipway.library.NAME      the version of a package that the data came from
slipway.asked             all but the SHA-256 as one JSON text, which is one parameter of a pipeline
slipway.with.NUMBER       NAME/VERSION of the further model in the channel `with-NUMBER`
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from model import artifact
from model.contract import Service
from model.space import Parameters, parameters
from model.training.bundle import Key
from model.training.errors import JobInputError
from model.training.search import Search

DATA, CHAMPION, WITH = "data", "champion", "with-"
"""The channels: the data, the live model, and further models, which are counted."""
OWN = "slipway."
_MODEL, _ORIGIN = "model", f"{OWN}origin"
ASKED, SHA256 = f"{OWN}asked", f"{OWN}sha256"
_TRIALS, _SEED = f"{OWN}trials", f"{OWN}seed"
_LIBRARY, _WITH = f"{OWN}library.", f"{OWN}with."
_OTHERS = re.compile(r"_.*|sagemaker_.*")
"""What SageMaker's own tuning and SDK put in."""
LONGEST = 256
"""Characters of a name or a text ("CreateTrainingJob" in SageMaker's API reference)."""


@dataclass(frozen=True)
class Asked:
    """What a training job is asked for."""

    model: str
    own: Mapping[str, str]
    """The service's own options, all of them."""
    origin: str = DATA
    sha256: str | None = None
    """Of the data; None: whatever lies in the channel."""
    libraries: Mapping[str, str] = field(default_factory=dict)
    others: tuple[Key, ...] = ()
    """Further models, in the order of their channels."""
    parameters: Parameters = field(default_factory=dict)
    search: Search | None = None
    """What is searched first; None: nothing."""

    def texts(self) -> dict[str, str]:
        """As hyperparameters. Raises JobInputError for a text that SageMaker does not carry."""
        found = {_MODEL: self.model, **self.own, _ORIGIN: self.origin}
        found |= {name: str(value) for name, value in self.parameters.items()}
        found |= {_TRIALS: str(self.search.trials), _SEED: str(self.search.seed)} if self.search else {}
        found |= {SHA256: self.sha256} if self.sha256 else {}
        found |= {f"{_LIBRARY}{name}": version for name, version in self.libraries.items()}
        found |= {f"{_WITH}{number}": str(key) for number, key in enumerate(self.others)}
        if wrong := [name for name, text in found.items() if not _carried(name, text)]:
            raise JobInputError(
                f"SageMaker carries texts of one line with up to {LONGEST} characters, and no other: "
                f"{', '.join(wrong)}.",
                "No job was started.",
                "Give it less to carry, or train on this machine.",
            )
        return found

    def packed(self) -> str:
        """All of them but the SHA-256, as one text. Raises JobInputError for more than is carried."""
        found = {name: text for name, text in self.texts().items() if name != SHA256}
        text = json.dumps(found, sort_keys=True, separators=(",", ":"))
        if not _carried(text):
            raise JobInputError(
                f"An argument of a container has up to {LONGEST} characters, and this training asks for "
                f"{len(text)}.",
                "No parameters were written.",
                "Give it less to carry, or train without a pipeline: ./slipway train --on sagemaker",
            )
        return text


def asked(service: Service, texts: Mapping[str, str]) -> Asked:
    """What hyperparameters ask of a service. Raises JobInputError for what it does not know."""
    said = {name: _plain(text) for name, text in texts.items() if not _OTHERS.fullmatch(name)}
    said = _unpacked(said.pop(ASKED, "{}")) | said
    own = {name: said.pop(name, option.default) for name, option in service.options.items()}
    model = said.pop(_MODEL, service.models[0])
    origin, sha256 = said.pop(_ORIGIN, DATA), said.pop(SHA256, None)
    libraries = _begins(said, _LIBRARY)
    others = _begins(said, _WITH)
    if model not in service.models:
        raise _unknown(f"{service.name} has no model {model!r}; it has {', '.join(service.models)}")
    space = service.space(model)
    texts = {name: said.pop(name) for name in list(said) if name in space}
    try:
        values = parameters(space, texts)
        search = Search(int(said.pop(_TRIALS)), int(said.pop(_SEED, "0"))) if _TRIALS in said else None
    except ValueError as error:
        raise _unknown(f"A hyperparameter of {service.name} is wrong: {error}") from error
    if unknown := sorted({name for name in said if not name.startswith((_LIBRARY, _WITH))}):
        known = ", ".join((_MODEL, *service.options, *space))
        raise _unknown(f"{service.name} has no hyperparameter {', '.join(unknown)}; it has {known}")
    keys = tuple(_key(others[number]) for number in sorted(others, key=int) if number.isdigit())
    return Asked(model, own, origin, sha256, libraries, keys, values, search)


def _carried(*texts: str) -> bool:
    return all(len(text) <= LONGEST and "\n" not in text for text in texts)


def _plain(text: str) -> str:
    """A text that the SDK wrote as JSON, as it was meant."""
    if not text.startswith('"'):
        return text
    try:
        return str(json.loads(text))
    except ValueError:
        return text


def _unpacked(text: str) -> dict[str, str]:
    try:
        return {str(name): str(value) for name, value in json.loads(text).items()}
    except (ValueError, AttributeError) as error:
        raise _unknown(f"{ASKED} is no JSON object of texts: {error}") from error


def _begins(said: Mapping[str, str], prefix: str) -> dict[str, str]:
    return {name.removeprefix(prefix): text for name, text in said.items() if name.startswith(prefix)}


def _key(text: str) -> Key:
    name, _, version = text.partition("/")
    if not all(re.fullmatch(artifact.PLAIN, part) for part in (name, version)):
        raise _unknown(f"{text!r} names no further model")
    return Key(name, version)


def _unknown(why: str) -> JobInputError:
    return JobInputError(
        f"{why}.",
        "Nothing was trained.",
        "Correct HyperParameters of the job; ./slipway train --help tells the service's options.",
    )
