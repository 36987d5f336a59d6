"""What a command did to a stage's file becomes one commit of that file alone; it undoes and fails nothing.

The rollout is over by then and in the ledger. Where Git refuses, people are told the command that does it by
hand; where no repository tracks the file, or nobody wants commits, nothing is said.
"""

from collections.abc import Callable, Sequence

from release.domain import commit, finished
from release.domain.errors import UsageError
from release.domain.ledger import OpenRollout
from release.domain.manifest import GateResult
from release.domain.pins import Pins
from release.domain.repository import Message, NotCommitted
from release.ports import Event, StagePorts, Tell


def rollout(ports: StagePorts, endpoint: str, tell: Tell) -> None:
    """Commit the stage's file as the endpoint's last rollout left it, where HEAD has other pins."""
    _commit(ports, lambda: _of_rollout(ports, endpoint), tell)


def experiment(ports: StagePorts, begun: OpenRollout, tell: Tell) -> None:
    """Commit the stage's file that names an experiment's candidate: whoever applies it must not delete it."""
    _commit(ports, lambda: commit.of_experiment(ports.name, begun, str(ports.caller())), tell)


def sync(ports: StagePorts, endpoint: str, before: Pins, after: Pins, tell: Tell) -> None:
    """Commit the stage's file that was brought up to date."""
    _commit(ports, lambda: commit.of_sync(ports.name, endpoint, before, after, str(ports.caller())), tell)


def unlock(ports: StagePorts, reason: str, number: int, tell: Tell) -> None:
    """Commit the stage's file that names no candidate any more."""
    _commit(ports, lambda: commit.of_unlock(ports.name, reason, number, str(ports.caller())), tell)


def _of_rollout(ports: StagePorts, endpoint: str) -> Message:
    by = str(ports.caller())
    done = finished.last(ports.ledger.newest_first(), endpoint)
    if done is None:
        return Message(f"{ports.name}: {endpoint} as its ledger has it", (f"By: {by}",))
    return commit.of_rollout(ports.name, done, _gates(ports, done.subject.release), by)


def _gates(ports: StagePorts, release: str) -> Sequence[GateResult] | None:
    try:
        return ports.artifacts.manifest(release).gates
    except UsageError:
        return None


def _commit(ports: StagePorts, message: Callable[[], Message], tell: Tell) -> None:
    file = f"Pulumi.{ports.name}.yaml"
    try:
        done = ports.repository.commit(message)
    except NotCommitted as error:
        tell(Event(f"{file} is not committed: {error.cause}"))
        tell(Event(f"once that is mended, by hand: {error.next_step}", detail=True))
    except Exception as error:
        tell(Event(f"{file} is not committed: {error}"))
        tell(Event(f"by hand: git commit {file}", detail=True))
    else:
        if done is not None:
            tell(Event(f"{file} is committed: {done.commit}"))
        if done is not None and done.besides:
            tell(Event("with changes of its settings that were not committed before", detail=True))
