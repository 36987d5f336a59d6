"""What the ledger keeps of captured records that were forgotten: who had what deleted, and the proof of it.

These entries are remarks: they take no stage. What was asked for is there as a keyed hash, so that the proof
of a deletion does not name what was deleted. Files, counts and hashes are in `forgotten/<id>.json` of the
stage's bucket, whose SHA-256 the last entry holds.
"""

from typing import Literal

from release.domain.pins import Data, Sha256


class Forgetting(Data):
    """It begins: what is to be deleted is known and on record, and nothing is deleted yet."""

    event: Literal["forgetting"] = "forgetting"
    id: str
    by: str
    """The ARN of the caller."""
    actor: str = ""
    what: Literal["inference-id", "subject", "day"]
    asked: str
    """A day as it is; else the start of an HMAC-SHA256 of what was asked for, by the stage's hash key."""
    reason: str = ""


class Forgotten(Data):
    """It is done: nothing that can be read of it is there any more, in no version of any file."""

    event: Literal["forgotten"] = "forgotten"
    id: str
    records: int
    files: int
    """Capture files that were written anew without them, or deleted."""
    versions: int
    """Versions of objects that were deleted, those of tables made of them too."""
    unread: int = 0
    """What nobody can read, and is still there: the proof names it."""
    owned: int = 0
    """Lines of truth about it, which only their owner may delete: the proof names their files."""
    proof: Sha256
    """Of `forgotten/<id>.json`."""


What = Forgetting | Forgotten
