"""What a rollout says of releases: one that did not stay, or that was left by a rollback, is fenced.

The fence is put before the entry that closes the rollout. A process that dies in between leaves the rollout
open, and the one that finishes it puts the fence again, which changes nothing when it is there.
"""

from release.domain import fence
from release.domain.errors import ServiceError
from release.domain.fence import Fence, clear_command
from release.domain.ledger import End, OpenRollout
from release.ports import Event, StagePorts, Tell


class Fencing:
    """The fences that one rollout puts."""

    def __init__(self, ports: StagePorts, rollout: OpenRollout, tell: Tell) -> None:
        self._ports = ports
        self._rollout = rollout
        self._tell = tell
        self._put: set[str] = set()

    def opens(self) -> None:
        """Fence the release that a rollback leaves. What fails here waits: it must not stand in the way."""
        if (release := self._left()) is None:
            return
        try:
            self._fence(release, f"rolled back in {self._ports.name}")
        except ServiceError as error:
            self._tell(Event(f"{release} is not fenced yet: {error.cause}", detail=True))

    def closes(self, end: End, reason: str) -> None:
        """Fence what has to be, before the rollout's last entry. Raises ServiceError when that fails."""
        if (left := self._left()) is not None and left not in self._put:
            self._fence(left, f"rolled back in {self._ports.name}")
        if end is not End.LANDED and (failed := self._failed()) is not None:
            self._fence(failed, f"did not land in {self._ports.name}: {reason}")

    def _left(self) -> str | None:
        before = self._rollout.opened.before.live
        if self._rollout.subject.kind != "rollback" or before is None:
            return None
        return before.release if before.release != self._rollout.subject.release else None

    def _failed(self) -> str | None:
        """The release that did not land. One that served before as well failed with its fleet's new shape.

        One whose experiment a person ended did nothing wrong: it was not better.
        """
        if self._rollout.concluded is not None and self._rollout.concluded.keep == "live":
            return None
        before, release = self._rollout.opened.before.live, self._rollout.subject.release
        return release if before is None or before.release != release else None

    def _fence(self, release: str, reason: str) -> None:
        signed = self._ports.fences.sign()
        new = Fence(
            release=release,
            stage=self._ports.name,
            reason=reason,
            by=signed.by,
            at=signed.at,
            rollout=self._rollout.id,
        )
        kept = self._ports.fences.change(release, lambda known: fence.put(known, new))
        self._put.add(release)
        if kept == new:
            self._tell(
                Event(f"{release} is fenced: no stage accepts it until {clear_command(release)}", detail=True)
            )
