"""All rollouts: which one is open under a name, which failed, and what is kept of those before.

    FOLDER/NAMESPACE/NAME/000001-CHECKSUM.jsonl     its evidence
    FOLDER/NAMESPACE/NAME/000001-CHECKSUM.failed    why it failed
    FOLDER/NAMESPACE/NAME/000001-CHECKSUM.begun     its first traffic was allowed

The newest is open. Whoever asks about another checksum opens the next: evidence of a candidate beside another
live release proves nothing now. A checksum that failed stays so until a person deletes its `.failed`.
"""

import json
import threading
from pathlib import Path

from integrations.judge_service.answers import Answer
from integrations.judge_service.keys import Key, Name, key_of
from integrations.judge_service.rollout import Rollout
from release.domain.policy import Policy
from release.judge.verdict import Decision

MOST_BYTES = 256 * 2**20
"""Evidence of one rollout: ten instances print some 30 MB in an hour."""
MOST_ROLLOUTS = 200
"""Rollouts that are kept: before another one, the oldest that is not open goes."""
NONE_OPEN = "nobody has asked about a rollout of this name"


class TooManyNames(Exception):
    """As many rollouts are open as are kept."""


class Rollouts:
    """Opens, finds and asks rollouts; several threads may use it at once."""

    def __init__(
        self, folder: Path, policy: Policy, most_bytes: int = MOST_BYTES, most: int = MOST_ROLLOUTS
    ) -> None:
        """Read what is kept: the evidence of every open rollout is folded again. Raises OSError."""
        self._folder, self._policy = folder, policy
        self._most_bytes, self._most = most_bytes, most
        self._lock = threading.Lock()
        folder.mkdir(parents=True, exist_ok=True)
        self._open: dict[Name, Rollout] = {}
        for newest in {file.parent: file for file in sorted(folder.glob("*/*/*.jsonl"))}.values():
            key = key_of(newest.parts[-3], newest.parts[-2], newest.stem.partition("-")[2])
            self._open[key.of] = self._rollout(key, newest)

    def _rollout(self, key: Key, file: Path) -> Rollout:
        return Rollout(key, file, self._policy, self._most_bytes)

    def open_of(self, name: Name) -> Rollout | None:
        """The open rollout of a name."""
        with self._lock:
            return self._open.get(name)

    def all_open(self) -> list[Rollout]:
        """The open rollout of each name."""
        with self._lock:
            return list(self._open.values())

    def ask(self, key: Key, now: float) -> Answer:
        """What is told of a rollout, which is opened where it is not. Raises TooManyNames, OSError."""
        if failed := self._failed(key):
            return failed
        return self.told(self.opened(key), now)

    def told(self, rollout: Rollout, now: float) -> Answer:
        """What is told of one that is open; that it failed is kept. Raises OSError."""
        found = rollout.answer(now)
        marker = rollout.file.with_suffix(".failed")
        if found.decision is Decision.FAIL and not marker.exists():
            with self._lock:
                part = marker.with_suffix(".part")
                part.write_text(json.dumps(found.record()), encoding="utf-8")
                part.replace(marker)
        return found

    def look(self, key: Key, now: float) -> Answer:
        """The same, and nothing is opened."""
        rollout = self.open_of(key.of)
        if rollout and rollout.key == key:
            return self.told(rollout, now)
        return self._failed(key) or Answer(key, Decision.HOLD, NONE_OPEN)

    def opened(self, key: Key) -> Rollout:
        """The rollout of this key, begun where it is not open. Raises TooManyNames, OSError."""
        with self._lock:
            found = self._open.get(key.of)
            if found and found.key == key:
                return found
            self._make_room()
            folder = self._folder.joinpath(*key.of)
            folder.mkdir(parents=True, exist_ok=True)
            number = max((int(file.name[:6]) for file in folder.glob("*.jsonl")), default=0) + 1
            new = self._rollout(key, folder / f"{number:06d}-{key.checksum}.jsonl")
            if found:
                found.close()
            self._open[key.of] = new
            return new

    def _failed(self, key: Key) -> Answer | None:
        """Of one that was open before, and failed."""
        markers = sorted(self._folder.joinpath(*key.of).glob(f"*-{key.checksum}.failed"))
        rollout = self.open_of(key.of)
        if not markers or (rollout and rollout.key == key):
            return None
        told = json.loads(markers[-1].read_text(encoding="utf-8"))
        return Answer(key, Decision.FAIL, str(told["because"]))

    def _make_room(self) -> None:
        files = list(self._folder.glob("*/*/*.jsonl"))
        if len(files) < self._most:
            return
        current = {rollout.file for rollout in self._open.values()}
        before = sorted(
            (file for file in files if file not in current), key=lambda file: file.stat().st_mtime
        )
        if not before:
            raise TooManyNames(f"{len(files)} rollouts are open, as many as are kept")
        for suffix in (".failed", ".begun", ".jsonl"):
            before[0].with_suffix(suffix).unlink(missing_ok=True)
