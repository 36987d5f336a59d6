"""How far back a ledger has to be read to know what is open, and what an entry says so that it is not far.

An entry that opens or closes a rollout names the entries that opened all others which are open then: those
that rest, and those at work. So nothing before it has to be read but the entries of these.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence

from release.domain.ledger import Closed, Opened, OpenRollout, Payload, Phase, Stored


def naming_others(what: Payload, rollout: str, found: Sequence[OpenRollout]) -> Payload:
    """What an entry about `rollout` holds, with the others of `found` that stay open beside it."""
    if not isinstance(what, Opened | Closed):
        return what
    others = [one for one in found if one.id != rollout]
    resting = tuple(one.number for one in others if one.rests)
    working = tuple(one.number for one in others if not one.rests)
    return what.model_copy(update={"resting": resting, "working": working})


def look_back(newest_first: Iterable[Stored], read: Callable[[int], Stored | None]) -> list[Stored]:
    """The entries that say what is open (`ledger.open_rollouts`), oldest first, and no more than that takes.

    `read` has the entry of a number; None where that one cannot be read, and is passed over.
    """
    found: dict[int, Stored] = {}
    for stored in newest_first:
        found[stored.number] = stored
        what = stored.entry.what
        if isinstance(what, Opened | Closed) and what.working is not None:
            for number in what.resting:
                found |= {one.number: one for one in _until_it_rests(number, stored.number, read)}
            for number in what.working:
                found |= {one.number: one for one in _between(number, stored.number, read)}
            break
    return [found[number] for number in sorted(found)]


def _between(first: int, end: int, read: Callable[[int], Stored | None]) -> Iterator[Stored]:
    return (stored for number in range(first, end) if (stored := read(number)) is not None)


def _until_it_rests(first: int, end: int, read: Callable[[int], Stored | None]) -> Iterator[Stored]:
    """The entries of an experiment that runs: it has had none of weight since it came to rest."""
    rollout: str | None = None
    for stored in _between(first, end, read):
        subject = stored.entry.subject
        rollout = subject.rollout if stored.number == first else rollout
        yield stored
        if stored.entry.what.event == Phase.EXPERIMENTING and subject.rollout == rollout:
            return
