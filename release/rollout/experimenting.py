"""Watching an experiment that runs: the judge goes on beside live, and its FAIL takes the candidate back.

Nobody has to: an experiment stays open without a process. Whoever watches owns nothing, and stops when it
ends.
"""

import math
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from release.domain.events import Event
from release.domain.ledger import Entered, OpenRollout, Phase
from release.ports import StagePorts, Tell
from release.rollout.leaving import TakeBack
from release.rollout.strategies import STRATEGIES
from release.rollout.strategies.step import Context, Watch
from release.rollout.watching import Watcher

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
    if over() or not isinstance(decided, TakeBack):
        return None
    _alone(ports, rollout, tell)
    if over():
        return None
    ports.ledger.append(subject, found)
    entered = Entered(event=Phase.REVERTING, step=rollout.step, reason=decided.reason)
    entry = ports.ledger.append(subject, entered)
    since = datetime.fromisoformat(entry.at)
    return replace(rollout, phase=Phase.REVERTING, reason=decided.reason, entered=since, owner=entry.owner)


def _alone(ports: StagePorts, rollout: OpenRollout, tell: Tell) -> None:
    """Wait until no other rollout of the stage is at work: the ledger is theirs until it is closed."""
    told = False
    while any(not one.rests and one.id != rollout.id for one in ports.ledger.all_open()):
        if not told:
            tell(Event("the judge said FAIL; the candidate is taken back once the rollout at work has ended"))
            told = True
        ports.clock.sleep(ASKED_EVERY)
