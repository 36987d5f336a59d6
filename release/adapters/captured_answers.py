"""Captured answers of an endpoint that prints no windows, as windows of scores, minute by minute.

SageMaker's delivery of what it captures to S3 takes "a couple of minutes" (the developer guide's example of
data capture; no page says how long at most). So a minute is told once that long is over, of both variants at
once, and dated into the newest minute that is told of SageMaker's metrics: a block that was judged never
changes. What comes for a minute after it was told is counted by name.

Only the folders of hours that may still get files are listed, each file is read once, and at most so many at
a time: while more wait, that is all that is told.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from botocore.exceptions import BotoCoreError, ClientError

from release.adapters import objects
from release.adapters.aws import MISSING, error_code
from release.adapters.invocation_metrics import logged, minute_of
from release.domain import captures as captured
from release.domain import names
from release.domain.captures import Aside, Captures, NotEvidence
from release.judge.cells import SCHEMA, SCORE_BINS, unit_bins

VARIANTS = (names.CANDIDATE, names.LIVE)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
EVERY = timedelta(seconds=15)
OVERLAP = timedelta(minutes=10)
"""Files that are older are not listed again until their hour ends ..."""
CLOSED = timedelta(minutes=15)
"""... and so long after it; then its folder is listed once more as a whole: nobody says that names come in
order."""
MOST_FILES, MOST_BYTES = 200, 64 << 20
"""Read at a time."""
LARGEST = 256 << 20
"""Bytes of a file that is read at all."""
_OF_NO_FILE = (Aside.LATE, Aside.DENIED, Aside.BEHIND)
"""What another process that reads the same files does not meet again."""
_TOLD = re.compile(r"(?P<variant>\w+)/captured (?P<minute>\S+) (?P<answers>\d+)\+(?P<aside>\d+) ")


@dataclass
class _Minute:
    """What was counted of one variant in one minute."""

    bins: Counter[int] = field(default_factory=Counter)
    invalid: int = 0

    @property
    def answers(self) -> int:
        """All answers."""
        return self.bins.total() + self.invalid


@dataclass
class _Folder:
    """One variant's files of one hour."""

    variant: str
    hour: datetime
    after: str = ""
    """Up to this key they were read long ago."""
    read: set[str] = field(default_factory=set)


class CapturedAnswers:
    """The captured answers of one endpoint from the minute after `since` on; each told once.

    Of what another process told before, the ids of its events are enough.
    """

    def __init__(
        self, s3: Any, captures: Captures, endpoint: str, since: datetime, seen: Collection[str] = ()
    ) -> None:
        self._s3 = s3
        self._captures = captures
        self._endpoint = endpoint
        self._grace = timedelta(seconds=captures.grace_seconds)
        self._closed = CLOSED + self._grace
        self._from = minute_of(since) + MINUTE
        self._asked: datetime | None = None
        self._folders: dict[tuple[str, datetime], _Folder] = {}
        self._minutes: defaultdict[tuple[str, datetime], _Minute] = defaultdict(_Minute)
        self._told: Counter[tuple[str, datetime]] = Counter()
        self._until = self._from
        """Minutes before this one were told."""
        self._aside: dict[str, Counter[Aside]] = {variant: Counter() for variant in VARIANTS}
        self._met: Counter[str] = Counter()
        """Of each variant, how many another process has set aside by name: the first look meets them."""
        self._behind, self._denied = True, False
        self._go_on([found for found in map(_TOLD.match, seen) if found])
        self._hours_from = max(_hour(self._from), _hour(self._until - self._closed))

    def _go_on(self, told: Sequence[re.Match[str]]) -> None:
        """Go on after what another process told."""
        minutes = [datetime.fromisoformat(found["minute"]).replace(tzinfo=UTC) for found in told]
        self._until = max([self._until, *(minute + MINUTE for minute in minutes)])
        for found, minute in zip(told, minutes, strict=True):
            self._told[found["variant"], minute] += int(found["answers"])
            if minute >= _hour(self._until - self._closed):
                self._met[found["variant"]] += int(found["aside"])

    def read(self, now: datetime) -> None:
        """Read the files that came, as many as one look may; what S3 refuses is tried again, and named."""
        if self._asked is not None and now - self._asked < EVERY:
            return
        self._asked = now
        self._behind = True
        files, size = 0, 0
        try:
            for folder, key, length in self._new(now):
                if files >= MOST_FILES or (files and size + length > MOST_BYTES):
                    self._denied = False
                    return
                self._take(folder.variant, key, length)
                folder.read.add(key)
                files, size = files + 1, size + length
        except (ClientError, BotoCoreError):
            self._denied = True
            return
        self._behind = self._denied = False
        self._met.clear()

    def told(self, now: datetime, into: datetime) -> list[dict[str, Any]]:
        """Events of the minutes that are settled by `now`, dated into the minute that begins at `into`."""
        if self._behind:
            self._aside[names.LIVE][Aside.DENIED if self._denied else Aside.BEHIND] += 1
            return [self._event(names.LIVE, self._until - MINUTE, into, _Minute(), 0)]
        settled = minute_of(now - self._grace)
        if settled <= self._until:
            return []
        first, self._until = self._until, settled
        found = []
        for variant, minute in sorted(self._minutes, key=lambda one: (one[1], one[0])):
            counted = self._minutes[variant, minute]
            new = counted.answers - self._told[variant, minute]
            if minute >= settled or new <= 0:
                continue
            self._told[variant, minute] = counted.answers
            if minute < first:
                self._aside[variant][Aside.LATE] += new
                counted = _Minute()
            found.append(self._event(variant, minute, into, counted, new))
        for variant in VARIANTS:
            if self._aside[variant]:
                found.append(self._event(variant, settled - MINUTE, into, _Minute(), 0))
        return found

    def _new(self, now: datetime) -> Iterator[tuple[_Folder, str, int]]:
        """Files that were not read, with their sizes, hour by hour."""
        hour = self._hours_from
        while hour <= now:
            for variant in VARIANTS:
                folder = self._folders.setdefault((variant, hour), _Folder(variant, hour))
                yield from self._listed(folder, now)
            hour += HOUR
        # All of them are read: an hour that is over for long was listed as a whole, and gets nothing more.
        closed = _hour(now - self._closed)
        self._folders = {key: one for key, one in self._folders.items() if one.hour >= closed}
        self._hours_from = max(self._hours_from, closed)
        for key in [key for key in self._minutes if key[1] < min(closed, self._until)]:
            del self._minutes[key]
            self._told.pop(key, None)

    def _listed(self, folder: _Folder, now: datetime) -> Iterator[tuple[_Folder, str, int]]:
        whole = now >= folder.hour + HOUR + self._closed
        prefix = self._captures.folder(self._endpoint, folder.variant, folder.hour)
        after = "" if whole else folder.after
        long_ago = True
        for item in objects.listed(self._s3, self._captures.bucket, prefix, after):
            if item["Key"] not in folder.read:
                yield folder, item["Key"], item["Size"]
            long_ago = long_ago and item["LastModified"] < now - OVERLAP
            if long_ago:
                folder.after = item["Key"]

    def _take(self, variant: str, key: str, length: int) -> None:
        """Count the answers of one file."""
        if length > LARGEST:
            return self._set_aside(variant, Aside.FILE)
        try:
            found = self._s3.get_object(Bucket=self._captures.bucket, Key=key)["Body"].read()
        except ClientError as error:
            if error_code(error) not in MISSING:
                raise
            return self._set_aside(variant, Aside.FILE)
        for line in filter(bytes.strip, found.split(b"\n")):
            try:
                self._count(variant, captured.read(line, self._captures.readings[variant]))
            except NotEvidence as none:
                self._set_aside(variant, none.aside)
        return None

    def _count(self, variant: str, answer: captured.Answer) -> None:
        minute = minute_of(answer.at)
        if minute < self._from:
            return  # before the evidence begins
        if self._asked is not None and minute > self._asked + HOUR:
            raise NotEvidence(Aside.FORM)
        if answer.number is None:
            self._minutes[variant, minute].invalid += 1
            return
        low, high = self._captures.scores_of
        share = np.array([(answer.number - low) / (high - low)])
        self._minutes[variant, minute].bins[int(unit_bins(np.clip(share, 0, 1), SCORE_BINS)[0])] += 1

    def _set_aside(self, variant: str, aside: Aside) -> None:
        if self._met[variant]:
            self._met[variant] -= 1
        else:
            self._aside[variant][aside] += 1

    def _event(
        self, variant: str, minute: datetime, into: datetime, counted: _Minute, told: int
    ) -> dict[str, Any]:
        """An event of the variant's log, as `InvocationMetrics` makes them; what was set aside goes along."""
        aside, self._aside[variant] = self._aside[variant], Counter()
        others = aside.total() - sum(aside[each] for each in _OF_NO_FILE)
        name = f"{variant}/captured {minute:%Y-%m-%dT%H:%M}"
        end = into + MINUTE
        bins = sorted(counted.bins)
        window = {
            "schema": SCHEMA,
            "id": f"{name} {told}+{others} in {into:%H:%M}",
            "start": into.timestamp(),
            "end": end.timestamp(),
            "captured": {
                "answers": counted.answers,
                "invalid": counted.invalid,
                "set_aside": _by_name(aside),
            },
            "score": {
                "bins": bins,
                "counts": [counted.bins[each] for each in bins],
                "range": list(self._captures.scores_of),
            },
        }
        # Of the answers' own minute: what is evidence of a step, and what not, goes by it.
        return logged(name, minute + MINUTE, window)


def _by_name(aside: Mapping[Aside, int]) -> dict[str, int]:
    return {cause.value: count for cause, count in sorted(aside.items()) if count}


def _hour(moment: datetime) -> datetime:
    return minute_of(moment).replace(minute=0)
