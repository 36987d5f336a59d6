"""Runs to trackers. What a tracker does not take is kept and said; nothing here ends a training."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from model.training.tracking.outbox import Outbox
from model.training.tracking.run import Run, Sent
from model.training.tracking.trackers import Name, NotTakenError, Tracker

RESEND = "./slipway track --resend"
Trackers = Mapping[Name, Tracker]


@dataclass(frozen=True)
class Tracked:
    """What became of one run."""

    sent: Mapping[str, Sent] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    """One for each tracker that has not got it, with the cause and the next step."""


def trackers(
    names: Iterable[Name], tracking_uri: str | None, build: Path, trusted: Sequence[str] = ()
) -> Trackers:
    """The trackers of these names; `tracking_uri` is MLflow's, `build` holds what needs no server.

    `trusted` are types of the service's pipelines that skops does not know.
    """
    from model.training.tracking.to_mlflow import MLflow
    from model.training.tracking.to_wandb import Wandb

    made: dict[Name, Tracker] = {"mlflow": MLflow(tracking_uri, build, trusted), "wandb": Wandb(build)}
    return {name: made[name] for name in names}


def outbox(build: Path) -> Outbox:
    """Where runs wait, below the build folder."""
    return Outbox(build / "tracking" / "outbox")


def keep(run: Run, names: tuple[Name, ...], kept: Outbox) -> str:
    """Keep `run` until these trackers have it. Where that fails: a warning, which ends no training."""
    try:
        if names:
            kept.keep(run, names)
    except (OSError, ValueError) as error:  # no place for it, or a parameter that is no JSON
        return (
            f"The run could not be kept in {kept.folder}: {error}. No tracker was asked. "
            "Free some space, and train again if its record is wanted."
        )
    return ""


def send(run: Run, to: Trackers, kept: Outbox) -> Tracked:
    """Give a run that is kept to each of these trackers. Raises nothing that has to do with tracking."""
    return _send(run, to, tuple(to), kept)


def resend(service: str, to: Trackers, kept: Outbox) -> list[tuple[str, Tracked]]:
    """Give each run of a service to the trackers it waits for, oldest first: its id, and what became of it.

    Runs of other services go on waiting: their pipelines hold other types. One that is damaged is a warning.
    """
    found: list[tuple[str, Tracked]] = []
    for name in kept.ids():
        try:
            run, wanted = kept.read(name)
        except ValueError as error:
            found.append((name, Tracked(warnings=(f"{error}: delete that folder, or restore it.",))))
            continue
        if run.service == service:
            found.append((name, _send(run, to, wanted, kept)))
    return found


def _send(run: Run, to: Trackers, wanted: Iterable[str], kept: Outbox) -> Tracked:
    sent: dict[str, Sent] = {}
    warnings = []
    for name, tracker in to.items():
        if name not in wanted:
            continue
        try:
            sent[name] = tracker.send(run)
            kept.sent(run, name)
        except NotTakenError as error:
            got = f" It has {error.part}." if error.part else ""
            warnings.append(
                f"{name} at {tracker.where} did not record the run: {error}.{got} The run is kept: {RESEND}"
            )
        except OSError as error:
            warnings.append(f"{name} has the run, and {kept.folder} still says that it has not: {error}")
    return Tracked(sent, tuple(warnings))
