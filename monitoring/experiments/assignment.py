"""Which variant a caller's key belongs to. Any language can do it: docs/experiments.md has the test vectors.

The first eight bytes of SHA-256 of `<experiment>:<key>`, read as a big-endian number, lie evenly between 0
and 2^64. A key belongs to the candidate where a hundred times that is below `percent` times 2^64. So the same
key gets the same variant everywhere and always; one that was in the candidate stays there when the share
grows; and another experiment draws its keys anew.
"""

import hashlib
import re
from dataclasses import dataclass
from typing import Literal

from release.domain import names
from release.domain.errors import UsageError

Arm = Literal["live", "candidate"]
"""The variant that a key belongs to, by its name in SageMaker."""
ARMS: tuple[Arm, Arm] = (names.CANDIDATE, names.LIVE)
"""In the order in which counts have them."""

KEY = re.compile(r"[A-Za-z0-9._@=+-]{1,40}")
"""What a key may be: an opaque id of a user, a device, an account. InferenceId, where it stands, has 64."""
_INFERENCE_ID = re.compile(rf"(?P<experiment>[0-9a-f]{{12}}):(?P<key>{KEY.pattern})(?::[^#]*)?(?:#\d+)?")


def arm(experiment: str, key: str, percent: int) -> Arm:
    """The variant that `key` belongs to. Raises UsageError for what cannot be a key."""
    if not KEY.fullmatch(key):
        raise UsageError(
            f"{key!r} cannot be a key of an experiment.",
            "It could not be told from the rest of an InferenceId, so it is assigned to nothing.",
            "Use 1 to 40 characters of A-Z a-z 0-9 . _ @ = + -, an opaque id and nobody's name.",
        )
    digest = hashlib.sha256(f"{experiment}:{key}".encode("ascii")).digest()
    drawn = int.from_bytes(digest[:8], "big")
    return "candidate" if drawn * 100 < percent << 64 else "live"


@dataclass(frozen=True)
class Asked:
    """What an InferenceId says: whose request it was, in which experiment."""

    experiment: str
    key: str


def inference_id(experiment: str, key: str, request: str = "") -> str:
    """The InferenceId of a key's request; `request` tells several of one key apart."""
    return f"{experiment}:{key}" + (f":{request}" if request else "")


def asked(inference: str | None) -> Asked | None:
    """What an InferenceId says of an experiment; None where it says nothing."""
    found = _INFERENCE_ID.fullmatch(inference or "")
    return Asked(found["experiment"], found["key"]) if found else None
