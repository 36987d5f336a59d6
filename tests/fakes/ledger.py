"""A ledger in memory, with the rules of the real one: numbers are taken once, and the stage is one's own."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from release.domain import ledger
from release.domain.errors import ServiceError
from release.domain.ledger import Closed, Entry, Opened, OpenRollout, Owner, Payload, Stored, Subject
from tests.fakes.trouble import Trouble


@dataclass
class FakeLedger:
    """The ledger of one stage. `owner` is the process at work; those in `living` are alive."""

    trouble: Trouble
    owner: Owner = field(default_factory=lambda: process(1))
    living: set[int] = field(default_factory=set)
    stored: list[Stored] = field(default_factory=list)
    looked: dict[int, int] = field(default_factory=dict)
    """Up to which entry each process knows the ledger."""
    _closed: int = 0

    def exists(self) -> bool:
        """Always."""
        return True

    @property
    def current(self) -> OpenRollout | None:
        """The open rollout, for whoever watches."""
        return ledger.open_rollout(self.stored[self._closed :])

    def open(self) -> OpenRollout | None:
        """The open rollout."""
        self.trouble.moment()
        self.looked[self.owner.pid] = len(self.stored)
        return self.current

    def alive(self, found: OpenRollout) -> bool:
        """Whether its owner is among the living."""
        return found.owner.pid in self.living

    def append(self, subject: Subject, what: Payload) -> Entry:
        """Write the next entry."""
        self.trouble.moment()
        found = self.current
        mine = found is not None and found.id == subject.rollout and found.owner == self.owner
        since = self.stored[self.looked.get(self.owner.pid, 0) :]
        refusals = all(isinstance(stored.entry.what, ledger.Refused) for stored in since)
        if isinstance(what, Opened | ledger.Resumed) and not refusals:
            raise ServiceError("another process wrote first")
        if not isinstance(what, Opened | ledger.Refused | ledger.Resumed) and not mine:
            raise ServiceError("another process wrote first")
        last = self.stored[-1] if self.stored else None
        entry = ledger.following(last, "2026-01-01T00:00:00.000+00:00", subject, self.owner, what)
        self.stored.append(Stored.from_bytes(entry.to_bytes()))
        if isinstance(what, Closed):
            self._closed = len(self.stored)
        self.trouble.moment()
        return entry

    @contextmanager
    def heartbeat(self, rollout: str) -> Generator[None]:
        """Alive while the block runs, as long as nobody kills it."""
        yield

    def latest(self, most: int | None) -> Sequence[Stored]:
        """The newest entries."""
        return self.stored if most is None else self.stored[-most:]


def process(pid: int) -> Owner:
    """A process of the fake host."""
    return Owner(host="here", pid=pid, started=pid, user="ci")
