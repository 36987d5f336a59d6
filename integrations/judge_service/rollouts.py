"""All rollouts: which one is open under a name, which failed, and what is kept of those before.

    FOLDER/NAMESPACE/NAME/000001-CHECKSUM.jsonl     its evidence
    FOLDER/NAMESPACE/NAME/000001-CHECKSUM.failed    why it failed
    FOLDER/NAMESPACE/NAME/000001-CHECKSUM.begun     its first traffic was allowed

The newest is open. Whoever asks about another checksum opens the next: evidence of a candidate beside another
live release proves nothing now. Only a question opens one. A checksum that failed stays so until a person
deletes its `.failed`, also when its evidence made room for another's.
"""

import json
import os
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
        """Read what is kept: the evidence of every open rollout is folded again.

        Raises OSError, and ValueError where something else lies in the folder.
        """
        self._folder, self._policy = folder, policy
        self._most_bytes, self._most = most_bytes, most
        self._lock = threading.RLock()
        folder.mkdir(parents=True, exist_ok=True)
        self._failed = {_key(file): _because(file) for file in sorted(folder.glob("*/*/*.failed"))}
        """Why each checksum failed, also of those whose evidence is gone."""
        self._open: dict[Name, Rollout] = {}
        for newest in {file.parent: file for file in sorted(folder.glob("*/*/*.jsonl"))}.values():
            key = _key(newest)
            self._open[key.of] = self._rollout(key, newest)

    def _rollout(self, key: Key, file: Path) -> Rollout:
        return Rollout(key, file, self._policy, self._most_bytes)

    def all_open(self) -> list[Rollout]:
        """The open rollout of each name."""
        with self._lock:
            return list(self._open.values())

    def taking(self, name: Name, checksum: str | None = None) -> Rollout | None:
        """The rollout that evidence counts for: the open one, unless it failed or has another checksum.

        Evidence opens none: a late line of a rollout that is over would take the place of the one that is
        judged.
        """
        with self._lock:
            found = self._open.get(name)
            if not found or found.key in self._failed or checksum not in (None, found.key.checksum):
                return None
            return found

    def ask(self, key: Key, now: float) -> Answer:
        """What is told of a rollout, which is opened where it is not. Raises TooManyNames, OSError."""
        with self._lock:
            if key in self._failed and not self._is_open(key):
                return self._told_failed(key)
            rollout = self.opened(key)
        return self.told(rollout, now)

    def told(self, rollout: Rollout, now: float) -> Answer:
        """What is told of one that is open; that it failed is kept. Raises OSError."""
        found = rollout.answer(now)
        with self._lock:
            self._keep_failure(rollout, found)
            if found.decision is not Decision.FAIL and rollout.key in self._failed:
                return self._told_failed(rollout.key)
        return found

    def look(self, key: Key, now: float) -> Answer:
        """The same, and nothing is opened."""
        with self._lock:
            rollout = self._open[key.of] if self._is_open(key) else None
            if not rollout and key in self._failed:
                return self._told_failed(key)
        return self.told(rollout, now) if rollout else Answer(key, Decision.HOLD, NONE_OPEN)

    def opened(self, key: Key) -> Rollout:
        """The rollout of this key, begun where it is not open. Raises TooManyNames, OSError."""
        with self._lock:
            if self._is_open(key):
                return self._open[key.of]
            self._make_room()
            folder = self._folder.joinpath(*key.of)
            folder.mkdir(parents=True, exist_ok=True)
            number = max((int(file.name[:6]) for file in folder.glob("*.jsonl")), default=0) + 1
            new = self._rollout(key, folder / f"{number:06d}-{key.checksum}.jsonl")
            before = self._open.get(key.of)
            self._open[key.of] = new
            if before:
                self._keep_failure(before, before.close())
            return new

    def _is_open(self, key: Key) -> bool:
        found = self._open.get(key.of)
        return found is not None and found.key == key

    def _told_failed(self, key: Key) -> Answer:
        return Answer(key, Decision.FAIL, self._failed[key])

    def _keep_failure(self, rollout: Rollout, found: Answer) -> None:
        """Write down that it failed, so that it stays so whatever happens to its evidence."""
        marker = rollout.file.with_suffix(".failed")
        if found.decision is not Decision.FAIL or marker.exists():
            return
        self._failed.setdefault(rollout.key, found.because)
        part = marker.with_suffix(".part")
        with part.open("w", encoding="utf-8") as stream:
            json.dump(found.record(), stream)
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(marker)

    def _make_room(self) -> None:
        files = list(self._folder.glob("*/*/*.jsonl"))
        too_many = len(files) + 1 - self._most
        if too_many <= 0:
            return
        current = {rollout.file for rollout in self._open.values()}
        before = sorted(
            (file for file in files if file not in current), key=lambda file: file.stat().st_mtime
        )
        if len(before) < too_many:
            raise TooManyNames(f"{len(current)} rollouts are open, as many as are kept")
        for file in before[:too_many]:
            # That it failed is kept: a line, beside megabytes of evidence.
            for suffix in (".begun", ".jsonl"):
                file.with_suffix(suffix).unlink(missing_ok=True)


def _key(file: Path) -> Key:
    """Whose rollout a file is of. Raises BadKey."""
    return key_of(file.parts[-3], file.parts[-2], file.stem.partition("-")[2])


def _because(marker: Path) -> str:
    """Why it failed. A marker that cannot be read is one all the same. Raises OSError."""
    try:
        return str(json.loads(marker.read_bytes())["because"])
    except (ValueError, TypeError, KeyError, RecursionError):
        return f"it failed; {marker.name} cannot be read any more"
