"""Watching a step: evidence is read as it comes, kept, judged, until the step may be left or is taken back.

What decides is `release/judge/`, and when a step is left `leaving.py`. Every line is kept before it is
judged, so another process goes on with the same evidence, and anybody can judge it again. Evidence that
cannot be read or kept holds the step; it never lets it pass.
"""

import hashlib
import json
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial

from release.domain import hours, names
from release.domain.captures import Captures, Minutes
from release.domain.errors import UsageError
from release.domain.events import Progress
from release.domain.golden import Golden
from release.domain.ledger import Entered, Judged, OpenRollout, Phase
from release.domain.orders import Order
from release.domain.policy import Policy
from release.judge import quiet
from release.judge.alone import Alone, Limits
from release.judge.fold import Fold
from release.judge.verdict import Verdict
from release.ports import LATE_SECONDS, Event, Follower, StagePorts, Tell, Unreadable
from release.rollout import sight
from release.rollout.leaving import Leave, Moment, Stay, TakeBack, begins, leaves
from release.rollout.strategies.step import Step, Watch

POLL_SECONDS = 1.0
BESIDE, ALONE, VERDICTS = "windows", "alone", "verdicts"
"""Under which name evidence is kept: of both variants, of the one that serves alone, and what was judged."""

Follow = Callable[[str, datetime, Collection[str]], Follower]
"""Follows the evidence of an endpoint from a moment on, but for the events whose ids were seen."""
Greet = Callable[[], str | None]
"""Sends requests where no caller does yet; why an answer was wrong, or None."""


class Watcher:
    """Watches the steps of one rollout, one after the other; evidence goes on from step to step."""

    def __init__(self, ports: StagePorts, rollout: OpenRollout, steps: Sequence[Step], tell: Tell) -> None:
        self._ports = ports
        self._rollout = rollout
        self._steps = steps
        self._tell = tell
        self._beside: _Sequence | None = None
        text = rollout.opened.rollout.hours
        # A stage's first release serves before any of its traffic could be moved.
        self._hours = hours.parse(text) if text and rollout.opened.before.live else None

    def begin(self, step: Step) -> Leave | TakeBack:
        """Wait until the traffic of `step` may move, or the rollout has to be taken back."""
        said = ""
        while isinstance(decided := begins(step, self.order(), self._open()), Stay):
            if decided.reason != said:
                said = decided.reason
                self._tell(Event(f"before {step.share} %: {said}", detail=True))
            self._ports.clock.sleep(POLL_SECONDS)
        return decided

    def watch(
        self, number: int, entered: datetime, greet: Greet, asked: Watch | None = None
    ) -> tuple[Judged, Leave | TakeBack]:
        """Watch step `number`, which began at `entered`, until it may be left or has to be taken back.

        It is watched as the step asks, or as is `asked`. Raises what the ports raise when AWS could not be
        asked for long: the rollout stays where it stands.
        """
        step = self._steps[number]
        asked = asked or step.watch
        assert asked is not None
        opened, beside = self._rollout.opened, asked.beside
        captures = sight.captures(opened, beside, self._golden)
        watch = sight.watch(asked, sight.by_windows(opened, beside), captures)
        sequence = self._sequence(watch, number, entered, captures)
        clock = self._ports.clock
        # What was before this process began does not count: it may have been held, or nobody was at work.
        paused = (clock.now() - entered).total_seconds()
        while True:
            begun = clock.now()
            verdict, trouble = sequence.read(number, step.share)
            seconds = (begun - entered).total_seconds()
            wrong = greet()
            moment = self._moment(verdict, seconds, paused, trouble)
            decided = TakeBack(wrong) if wrong else leaves(watch, moment)
            if not isinstance(decided, Stay):
                return sequence.judged(number, step.share, verdict), decided
            self._say(number, watch, moment, decided)
            clock.sleep(POLL_SECONDS)
            paused += (clock.now() - begun).total_seconds() if decided.paused else 0.0

    def _golden(self, release: str) -> Golden:
        """A release's golden requests; those of the one that comes, where live's can be read no more."""
        artifacts = self._ports.artifacts
        try:
            return artifacts.golden(artifacts.manifest(release))[0]
        except UsageError:
            return artifacts.golden(artifacts.manifest(self._rollout.subject.release))[0]

    def order(self) -> Order | None:
        """The last order that a person gave, None also where it cannot be read just now."""
        try:
            return self._ports.evidence.order(self._rollout.id)
        except Unreadable:
            return None

    def _moment(self, verdict: Verdict, seconds: float, paused: float, trouble: str) -> Moment:
        try:
            order = self._ports.evidence.order(self._rollout.id)
        except Unreadable as error:
            order, trouble = None, trouble or f"orders cannot be read: {error}"
        return Moment(verdict, seconds, seconds - paused, trouble, order, self._open())

    def _open(self) -> bool:
        return self._hours is None or self._hours.open_at(self._ports.clock.now())

    def _say(self, number: int, watch: Watch, moment: Moment, decided: Stay) -> None:
        verdict, shares = moment.verdict, tuple(step.share for step in self._steps)
        rate = (verdict.requests + verdict.live_requests) / verdict.seconds if verdict.seconds else 0.0
        progress = Progress(
            step=number,
            steps=shares,
            share=shares[number],
            seconds_in_step=moment.seconds,
            least_seconds=watch.least,
            most_seconds=watch.most,
            rate=rate,
            waits_for=decided.reason,
            verdict=verdict.record(),
        )
        text = f"{moment.seconds:.0f} s at {shares[number]} %: {decided.reason}"
        self._tell(Event(text, detail=True, progress=progress))

    def _sequence(
        self, watch: Watch, number: int, entered: datetime, captures: Captures | None
    ) -> "_Sequence":
        """The evidence of a step: that of the steps before goes on while both variants serve."""
        opened, ports, rollout = self._rollout.opened, self._ports, self._rollout.id
        endpoint = names.endpoint(self._rollout.subject.endpoint, ports.name)
        policy = opened.judge or Policy()
        by_windows = sight.by_windows(opened, watch.beside)
        minutes = None if by_windows else Minutes(opened.limits.latency_ms / 1000, captures)
        follow = partial(ports.evidence.follow, minutes=minutes)
        if self._beside is None:
            history, fold = policy.memory_seconds, Fold(policy)
            self._beside = _Sequence(ports, rollout, endpoint, BESIDE, fold, entered, history, follow)
        if not watch.beside:
            fold = Alone(Limits.of(opened.limits), by_windows, sight.proves_finite(opened))
            alone = _Sequence(ports, rollout, endpoint, ALONE, fold, entered, 0.0, follow)
            alone.passed_over = self._beside.streams
            alone.offset = self._beside.lines
            return alone
        self._beside.candidate_from = self._first_share(number)
        return self._beside

    def _first_share(self, number: int) -> float:
        """When the step before whose judging the candidate answered golden requests only was reached.

        The ledger says it, so that every process passes over the same windows; 0 where `number` is before it.
        """
        steps = self._steps
        first = next((n for n in range(1, len(steps)) if steps[n - 1].watch is None), len(steps))
        for stored in self._ports.ledger.newest_first() if number >= first else ():
            entry, what = stored.entry, stored.entry.what
            mine = entry.subject.rollout == self._rollout.id and isinstance(what, Entered)
            if mine and (what.event, what.step) == (Phase.JUDGING, first):
                return datetime.fromisoformat(entry.at).timestamp()
        return 0.0


class _Sequence:
    """Lines in the order in which they came and were kept, and what is folded from them."""

    def __init__(
        self,
        ports: StagePorts,
        rollout: str,
        endpoint: str,
        kind: str,
        fold: Fold | Alone,
        begun: datetime,
        history: float,
        follow: Follow,
    ) -> None:
        self._ports = ports
        self._rollout = rollout
        self._kind = kind
        self._fold = fold
        self._digest = hashlib.sha256()
        self._unkept: list[str] = []
        self.candidate_from = 0.0
        """Seconds since 1970: windows of the candidate that began before are no evidence."""
        self.lines = 0
        self.offset = 0
        self.streams: set[str] = set()
        """The log streams whose lines are in it."""
        self._quiet_from: datetime | None = None
        """When lines came last, until it was told that nothing came for a while."""
        self.passed_over: set[str] = set()
        """Streams of fleets that are gone, or going."""
        seen: dict[str, float] = {}
        for line in ports.evidence.kept(rollout, kind):
            event = json.loads(line)
            seen[event["eventId"]] = event.get("timestamp", 0) / 1000
            self._take(line)
            self._quiet_from = None if quiet.seconds(line) is not None else ports.clock.now()
        since = begun - timedelta(seconds=history)
        if history and seen:
            # Another process goes on where the last one stopped, however long ago that was.
            since = min(since, datetime.fromtimestamp(max(seen.values()) - LATE_SECONDS, UTC))
        self._follower: Follower = follow(endpoint, since, seen.keys())

    def read(self, step: int, share: int) -> tuple[Verdict, str]:
        """Take in what came; the verdict now, and why evidence could not be read or kept, if so."""
        trouble = ""
        try:
            self._unkept += self._new()
            if self._unkept:
                self._ports.evidence.keep(self._rollout, self._kind, self.lines, self._unkept)
            lines, self._unkept = self._unkept, []
            first = self.offset + self.lines
            verdicts = [verdict for line in lines for verdict in self._take(line)]
            if verdicts:
                told = [self._told(step, share, verdict) for verdict in verdicts]
                self._ports.evidence.keep(self._rollout, VERDICTS, first, told)
        except Unreadable as error:
            trouble = f"evidence is missing: {error}"
        return self._fold.verdict(), trouble

    def _new(self) -> list[str]:
        """The lines that came, or the one that says that none did for as long as a block stays open."""
        now = self._ports.clock.now()
        if found := [line for line in self._follower.more() if self._counts(line)]:
            self._quiet_from = now
        elif self._quiet_from and (now - self._quiet_from).total_seconds() >= self._fold.stays_open:
            self._quiet_from = None
            found = [quiet.line(self._fold.stays_open)]
        return found

    def _counts(self, line: str) -> bool:
        event = json.loads(line)
        stream = str(event.get("logStreamName", ""))
        if stream in self.passed_over:
            return False
        if not stream.startswith(names.CANDIDATE) or not self.candidate_from:
            return True
        return event.get("timestamp", 0) / 1000 > self.candidate_from + self._fold.block_seconds

    def _take(self, line: str) -> list[Verdict]:
        self.lines += 1
        if stream := str(json.loads(line).get("logStreamName", "")):
            self.streams.add(stream)
        self._digest.update(line.encode() + b"\n")
        return self._fold.add(line)

    def _told(self, step: int, share: int, verdict: Verdict) -> str:
        at = self._ports.clock.now().isoformat(timespec="milliseconds")
        return json.dumps({"at": at, "step": step, "share": share, "verdict": verdict.record()})

    def judged(self, step: int, share: int, verdict: Verdict) -> Judged:
        """What the ledger keeps of how watching a step ended."""
        return Judged(
            step=step,
            share=share,
            decision=verdict.decision.value,
            because=verdict.because,
            seconds=verdict.seconds,
            requests=verdict.requests,
            live_requests=verdict.live_requests,
            windows=self.lines,
            sha256=self._digest.hexdigest(),
        )
