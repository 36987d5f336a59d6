"""A ledger in memory, with the rules of the real one: numbers are taken once, and the stage is one's own."""

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from release.domain import chain, ledger
from release.domain.chain import Shelf, Written
from release.domain.errors import Damaged, ServiceError
from release.domain.ledger import Closed, Entry, OpenRollout, Owner, Payload, Stored, Subject
from release.domain.look_back import naming_others
from release.domain.retraining import Retrain
from tests.fakes.trouble import Trouble


@dataclass
class FakeLedger:
    """The ledger of one stage. `owner` is the process at work; those in `living` are alive."""

    trouble: Trouble
    now: Callable[[], datetime]
    owner: Owner = field(default_factory=lambda: process(1))
    living: set[int] = field(default_factory=set)
    stored: list[Stored] = field(default_factory=list)
    looked: dict[int, int] = field(default_factory=dict)
    """Up to which entry each process knows the ledger."""
    there: bool = True
    beating: str = ""
    """The rollout that is worked on now."""
    raw: dict[int, bytes] = field(default_factory=dict)
    """The entries' bytes, by number, as they lie in the bucket."""
    unreadable: set[int] = field(default_factory=set)
    """Entries that are gone, or garbage, by number."""
    later: set[int] = field(default_factory=set)
    """Those of them that a later version wrote."""
    over_damage: bool = False
    accepted: tuple[str, ...] = ()
    _closed: int = 0
    _found: tuple[int, OpenRollout | None] = (-1, None)

    def exists(self) -> bool:
        """As set."""
        return self.there

    @property
    def current(self) -> OpenRollout | None:
        """The open rollout, for whoever watches; nothing of it changes until the next entry."""
        if self._found[0] != len(self.stored):
            self._found = len(self.stored), ledger.holding(self._open())
        return self._found[1]

    def open(self, endpoint: str | None = None) -> OpenRollout | None:
        """What holds the stage, else the endpoint."""
        return ledger.holding(self.all_open(), endpoint)

    def all_open(self) -> list[OpenRollout]:
        """The rollout at work, and the experiments that run."""
        self.trouble.moment()
        self.looked[self.owner.pid] = len(self.stored)
        return self._open()

    def _open(self) -> list[OpenRollout]:
        if self.unreadable:
            return ledger.open_rollouts(list(self.newest_first())[::-1])
        return ledger.open_rollouts(self.stored[self._closed :])

    def alive(self, found: OpenRollout | Retrain) -> bool:
        """Whether its owner is among the living."""
        return found.owner.pid in self.living

    def append(self, subject: Subject, what: Payload) -> Entry:
        """Write the next entry."""
        self.trouble.moment(f"ledger: {what.event}")
        for stored in self.stored[self.looked.get(self.owner.pid, len(self.stored)) :]:
            if not ledger.may_follow(what, stored.entry.what):
                raise ServiceError("another process wrote first")
        what = naming_others(what, subject.rollout, self._open())
        last = self.stored[-1] if self.stored else None
        at = self.now().isoformat(timespec="milliseconds")
        self.put(ledger.following(last, at, subject, self.owner, what).to_bytes())
        self.looked[self.owner.pid] = len(self.stored)
        self.trouble.moment()
        return self.stored[-1].entry

    def put(self, data: bytes) -> None:
        """An entry as it lies in the bucket."""
        self.stored.append(Stored.from_bytes(data))
        self.raw[self.stored[-1].entry.number] = data
        if isinstance(self.stored[-1].entry.what, Closed) and not self._open():
            self._closed = len(self.stored)

    @contextmanager
    def heartbeat(self, of: str, retrained: str = "") -> Generator[None]:
        """Alive while the block runs, as long as nobody kills it."""
        before, self.beating = self.beating, of
        yield
        self.beating = before

    def latest(self, most: int | None) -> Sequence[Stored]:
        """The newest entries."""
        return self.stored if most is None else self.stored[-most:]

    def newest_first(self) -> Iterator[Stored]:
        """One by one."""
        for stored in reversed(self.stored):
            if stored.number not in self.unreadable:
                yield stored
            elif not self.over_damage:
                raise Damaged(self._problem(stored.number))

    def _problem(self, number: int) -> str:
        if number in self.later:
            return chain.OfLaterVersion(f"entry {number} is of format {ledger.FORMAT + 1}")
        return f"entry {number} is missing"

    def damage(self) -> tuple[str, ...]:
        """What cannot be read, and where the chain breaks."""
        gone = map(self._problem, sorted(self.unreadable))
        found = (*gone, *filter(None, [chain.broken_link(self.stored)]))
        self.over_damage = self.over_damage or bool(found and self.accepted)
        return tuple(problem for problem in found if problem not in self.accepted)

    def accept(self, entry: Entry) -> None:
        """What it says in `over`."""
        assert isinstance(entry.what, Closed)
        self.accepted = entry.what.over

    def pass_over_damage(self) -> None:
        """From now on."""
        self.over_damage = True

    def shelf(self) -> Shelf:
        """The bytes as they lie there; nothing has an old version."""
        return Shelf([Written(f"ledger/{n:08d}.json", n, (data,)) for n, data in self.raw.items()])

    @property
    def events(self) -> list[str]:
        """What happened, oldest first."""
        return [stored.entry.what.event for stored in self.stored]


def process(pid: int) -> Owner:
    """A process of the fake host."""
    return Owner(host="here", pid=pid, started=pid, user="ci")
