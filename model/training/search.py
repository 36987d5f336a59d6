"""The search for a pipeline's parameters: trials of what the service's space allows, each measured.

A trial is measured on the validation rows; no gate reads these, and no trial reads the test rows. The first
trial is what the service builds. The same seed, data and code give the same trials, also when they are
carried out in several goes: what an earlier one measured is told to the search anew, and not measured again.
"""

import json
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from model import artifact
from model.contract import Service, Split
from model.space import Choice, Parameters, Real, Space, Whole, holds
from model.training.checkpoints import Checkpoints
from model.training.errors import SearchError

if TYPE_CHECKING:
    import pandas as pd

STEP = "trials"
"""The checkpoint, which is written after each trial."""
LARGEST_SEED = 2**31 - 1
"""That Optuna and SageMaker's tuning jobs both take."""
_FILE = "trials.json"
Progress = Callable[[str], None]


@dataclass(frozen=True)
class Search:
    """How many trials, and the seed of all chance in them. Raises ValueError for a seed that nobody takes."""

    trials: int
    seed: int = 0

    def __post_init__(self) -> None:
        """The bounds of the seed."""
        if not 0 <= self.seed <= LARGEST_SEED:
            raise ValueError(f"the seed {self.seed} is not a whole number from 0 to {LARGEST_SEED}")


@dataclass(frozen=True)
class Trial:
    """Parameters, and the main measure of the pipeline with them; None where it could not be fitted."""

    number: int
    parameters: Parameters
    value: float | None


def best(trials: tuple[Trial, ...]) -> Trial:
    """The trial of the highest measure, of equal ones the first. Raises SearchError where none has any."""
    measured = [(trial.value, -trial.number, trial) for trial in trials if trial.value is not None]
    if not measured:
        raise SearchError(
            f"None of {len(trials)} trials could be fitted.",
            "Nothing was trained with what the search found, as it found nothing.",
            "Correct the service's space: every value in it has to be one that its pipeline takes.",
        )
    return max(measured)[2]


def search(
    service: Service,
    model: str,
    rows: "pd.DataFrame",
    split: Split,
    asked: Search,
    kept: Checkpoints,
    progress: Progress,
    fixed: Parameters,
) -> tuple[Trial, ...]:
    """All trials, in order, each with the parameters that are `fixed`. Raises SearchError where there is
    nothing to try."""
    refuse_nothing(service, model, asked.trials, fixed)
    space = searched(service, model, fixed)
    before = _kept(kept)
    if before:
        progress(f"Going on after {len(before)} trials from before the interruption")
    study, done = _study(service, model, space, asked.seed), list[Trial]()
    for number in range(asked.trials):
        asking = study.ask()
        values = {**fixed, **{name: _suggested(asking, name, space) for name in space}}
        known = before[number] if number < len(before) and before[number].parameters == values else None
        trial = known or Trial(number, values, _measured(service, model, rows, split, values))
        study.tell(asking, trial.value, state=None if trial.value is not None else _failed())
        done.append(trial)
        if known is None:
            kept.keep(STEP, {_FILE: artifact.as_json([asdict(one) for one in done])})
            shown = "could not be fitted" if trial.value is None else f"{trial.value:.6f}"
            progress(f"trial {number + 1} of {asked.trials}: {shown} with {_words(values)}")
    return tuple(done)


def searched(service: Service, model: str, fixed: Parameters) -> Space:
    """What is tried: the service's space, but for the parameters that somebody has set."""
    return {name: range_ for name, range_ in service.space(model).items() if name not in fixed}


def refuse_nothing(service: Service, model: str, trials: int, fixed: Parameters) -> None:
    """Raise SearchError where there is nothing to try, or it is to be tried no time."""
    space = service.space(model)
    if space and not searched(service, model, fixed):
        raise SearchError(
            f"Every parameter of {model} that may be tried is set: {', '.join(space)}.",
            "Nothing was trained.",
            "Leave one of them to the search, or train with what is set: ./slipway train --set",
        )
    if not space or trials < 1:
        raise SearchError(
            f"{service.name} says of no parameter of {model} what may be tried."
            if not space
            else f"A search of {trials} trials finds nothing.",
            "Nothing was trained.",
            "Give the service a space (docs/own-model.md), and --trials 1 or more.",
        )


def _kept(kept: Checkpoints) -> list[Trial]:
    files = kept.read(STEP)
    try:
        return [Trial(**trial) for trial in json.loads(files[_FILE])] if files else []
    except (KeyError, TypeError, ValueError):
        return []


def _words(values: Parameters) -> str:
    return ", ".join(
        f"{name}={value:.4g}" if isinstance(value, float) else f"{name}={value}"
        for name, value in values.items()
    )


def _study(service: Service, model: str, space: Space, seed: int) -> Any:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=seed))
    built = service.build(model).get_params()
    own = {name: built[name] for name in space if name in built}
    if own.keys() == space.keys() and all(holds(space[name], value) for name, value in own.items()):
        study.enqueue_trial(own)
    return study


def _suggested(trial: Any, name: str, space: Space) -> Any:
    match space[name]:
        case Whole(low, high, log):
            return trial.suggest_int(name, low, high, log=log)
        case Real(low, high, log):
            return trial.suggest_float(name, low, high, log=log)
        case Choice(values):
            return trial.suggest_categorical(name, values)


def _failed() -> Any:
    import optuna

    return optuna.trial.TrialState.FAIL


def _measured(
    service: Service, model: str, rows: "pd.DataFrame", split: Split, values: Parameters
) -> float | None:
    """The main measure of the validation rows; None for values that scikit-learn does not take."""
    from model.training.assessment import fit
    from model.training.export import pipeline_scores
    from model.training.kinds.table import measures_of

    measures, train, validation = (
        measures_of(service),
        split.train.select(rows),
        split.validation.select(rows),
    )
    try:
        pipeline = fit(service, model, rows, split.train, values)
    except (ValueError, TypeError):
        return None
    labels, constant = service.labels(validation), measures.constant(service.labels(train))
    value = measures.score(labels, pipeline_scores(service, pipeline, validation), constant)
    return float(value) if math.isfinite(value) else None
