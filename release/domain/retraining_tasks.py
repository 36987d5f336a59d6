"""A retraining as the tasks of an orchestrator: from data to a release that the second stage serves. Pure.

    ingest → validate → train → gate → release → promote → push

Each is one command, which may be run again: what was done is not done twice. An integration gives its system
this table; what runs, for how long, and after which exit codes it is tried again stands here once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from release.domain.errors import UsageError

PARAMETERS = "params.yaml"
"""The file of the project that says what is trained: a service, its model, its own options (docs/data.md)."""
STAGES = "Pulumi.yaml"
"""The file of the project that lists its stages in their order."""
_DATA = (".venv/bin/python", "-m", "model.training.dvc")


class Ending(StrEnum):
    """What the exit code of a task's command means for whoever runs it."""

    DONE = "done"
    REFUSED = "refused"
    """A gate, a check or the configuration said no; the same command would say it again."""
    HELD = "held"
    """Safe where it stands; a person has to say how it goes on."""
    AGAIN = "again"
    """The state is recorded: the same command goes on, or takes it back."""


_ENDINGS = {0: Ending.DONE, 1: Ending.REFUSED, 2: Ending.REFUSED, 3: Ending.HELD, 4: Ending.AGAIN}
_OF_A_SIGNAL = 128
"""A shell tells the end by a signal as this and the signal's number, 130 as of Ctrl-C."""
WORDS = {
    Ending.REFUSED: "It is refused, and would be again: its output says why, and what to do.",
    Ending.HELD: "It is held, safe where it stands: it needs a person. Its output says for what.",
    Ending.AGAIN: "What was done is recorded: the same task, run again, goes on from there.",
}
"""What a task that did not end well says after its command's own words."""


@dataclass(frozen=True)
class Task:
    """One task: a command in the project's folder, and how long and how often it is tried."""

    name: str
    does: str
    """For people, a sentence."""
    words: tuple[str, ...]
    """The command but for what the parameters add."""
    minutes: int
    """How long one try may take. Whoever ends it sends SIGTERM and waits: the command records where it is."""
    retries: int
    """How many tries more, where an ending says that another one is worth it."""
    trains: bool = False
    """Whether what `params.yaml` says of a training is added."""
    promotes: bool = False
    """Whether the project's second stage is added."""
    pushes: bool = False
    """Whether its one refusal is the remote's, which another try may end."""

    def ending(self, code: int) -> Ending:
        """What the exit code says; that of a signal is below 0, or above 128 as a shell tells it."""
        if self.pushes and code == 1:
            return Ending.AGAIN
        if code < 0 or code >= _OF_A_SIGNAL:
            return Ending.AGAIN
        return _ENDINGS.get(code, Ending.REFUSED)


GRACE_SECONDS = 120.0
"""How long a command gets to record where it stands, after SIGTERM."""
RETRY_SECONDS = 300
"""How long AWS gets before the next try; each after that waits longer, where the system can."""
TASKS: Sequence[Task] = (
    Task("ingest", "The service's data becomes one file, a data version.", (*_DATA, "ingest"), 60, 2),
    Task("validate", "The data is as the service says.", (*_DATA, "validate"), 30, 1),
    Task(
        "train",
        "A model is trained, and measured beside the one that the last stage serves.",
        ("./slipway", "train", "--resume", "--json"),
        360,
        2,
        trains=True,
    ),
    Task(
        "gate",
        "The first stage's gates are asked, before anything is pushed.",
        ("./slipway", "gate", "--json"),
        30,
        2,
    ),
    Task("release", "It is live in the first stage.", ("./slipway", "release", "--json"), 240, 3),
    Task(
        "promote",
        "The same bytes are live in the second.",
        ("./slipway", "promote", "--json"),
        240,
        3,
        promotes=True,
    ),
    Task(
        "push",
        "The pins that were committed reach the remote.",
        (".venv/bin/python", "-m", "scripts.setup.push_pins"),
        10,
        5,
        pushes=True,
    ),
)
"""In their order: each begins when the one before is done."""
BY_NAME: Mapping[str, Task] = {task.name: task for task in TASKS}


def commands(parameters: Mapping[str, Any], project: Mapping[str, Any]) -> Mapping[str, tuple[str, ...]]:
    """Every task's command, by what `params.yaml` and `Pulumi.yaml` hold.

    All of them at once, so that a project in which the last cannot run is refused before the first. Raises
    UsageError.
    """
    trained, promoted = training(parameters), (second_stage(project),)
    return {
        task.name: (*task.words, *(trained if task.trains else ()), *(promoted if task.promotes else ()))
        for task in TASKS
    }


def second_stage(project: Mapping[str, Any]) -> str:
    """The stage that comes after the first, by what `Pulumi.yaml` lists. Raises UsageError."""
    listed = project.get("stages")
    names = [entry.get("name") for entry in listed or () if isinstance(entry, Mapping)]
    if len(names) < 2 or not names[1]:
        raise UsageError(
            f"{STAGES} lists no second stage.",
            "A retraining could not be promoted to one, so no task of it was begun.",
            "List the stages in their order under `stages:`, the first one first.",
        )
    return str(names[1])


def training(parameters: Mapping[str, Any]) -> tuple[str, ...]:
    """The arguments of `./slipway train` for what `params.yaml` says."""
    named = {name: parameters[name] for name in ("service", "model", "trackers") if name in parameters}
    options = {**named, **(parameters.get("options") or {})}
    return tuple(word for name, value in options.items() for word in (f"--{name}", str(value)))
