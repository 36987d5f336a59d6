"""Watching an experiment that runs: the judge goes on beside live, and its FAIL takes the candidate back.

Nobody has to: an experiment stays open without a process. Whoever watches owns nothing, and stops when it
ends.
"""

import math
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from release.domain import names
from release.domain.events import Event
from release.domain.ledger import Entered, OpenRollout, Phase
from release.ports import StagePorts, Tell
from release.rollout.leaving import TakeBack
from release.rollout.strategies import STRATEGIES
from release.rollout.strategies.step import Context, Watch
from release.rollout.watching import Watcher
from release.rollout.weights import away_from_the_candidate

FOR_EVER = Watch(beside=True, least=math.inf, most=math.inf)
ASKED_EVERY = 5.0
"""Seconds between two looks whether another endpoint's rollout is still at work."""


def watch(
    ports: StagePorts, rollout: OpenRollout, over: Callable[[], str | None], tell: Tell
) -> OpenRollout | None:
    """The same rollout, on its way back because the judge said FAIL; None where it ended otherwise.

    `over` is asked all the time, and says why there is nothing to watch any more.
    """
    subject, opened = rollout.subject, rollout.opened
    context = Context(ports.name, subject.endpoint, opened.before, opened.after, opened.rollout)
    watcher = Watcher(ports, rollout, STRATEGIES[opened.rollout.strategy](context), tell)
    found, decided = watcher.watch(rollout.step, rollout.entered, over, FOR_EVER)
    if not isinstance(decided, TakeBack) or not _its_turn(ports, rollout, decided.reason, tell):
        return None
    ports.ledger.append(subject, found)
    entered = Entered(event=Phase.REVERTING, step=rollout.step, reason=decided.reason)
    entry = ports.ledger.append(subject, entered)
    since = datetime.fromisoformat(entry.at)
    return replace(rollout, phase=Phase.REVERTING, reason=decided.reason, entered=since, owner=entry.owner)


def _its_turn(ports: StagePorts, rollout: OpenRollout, reason: str, tell: Tell) -> bool:
    """Wait until no other rollout of the stage is at work: the ledger is theirs until it is closed.

    Meanwhile the candidate gets no traffic. Whether the experiment still runs, by the very look into the
    ledger after which it is written to: whoever ended it in between has ended it.
    """
    told = ""
    while True:
        found = ports.ledger.all_open()
        if not any(one.rests and one.id == rollout.id for one in found):
            return False
        other = next((one.subject for one in found if not one.rests), None)
        if other is None:
            return True
        if other.rollout != told:
            told = other.rollout
            at_work = f"the {other.kind} of {other.release} ({other.endpoint})"
            tell(
                Event(f"{reason}: the candidate gets no traffic, and is taken back once {at_work} has ended")
            )
            away_from_the_candidate(ports, names.endpoint(rollout.subject.endpoint, ports.name), tell)
        ports.clock.sleep(ASKED_EVERY)
