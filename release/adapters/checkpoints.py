"""The state of a stack on a file backend, when the engine was killed in the middle of writing it.

The engine's file store writes a sidecar (`<state>.attrs`, JSON) in place, and only then puts the new state
where the old one was. A kill between them leaves a whole state that cannot be read, as its sidecar is empty.
It also keeps the state before the last one beside it (`.bak`), with the creates that were under way; what
they came to is found out by `release/adapters/orphans.py`. A bucket as backend writes whole objects or none.
"""

import json
import os
import shutil
from pathlib import Path
from urllib.parse import unquote, urlsplit

UNREADABLE = "failed to load checkpoint"
"""What the engine says of a state that it cannot read."""


def restore(stage: str, backend: str) -> str | None:
    """Make the stage's state readable again: what was done, in words, or None where nothing could be.

    A sidecar that is no JSON is removed: the engine does without it. A state that is no JSON is replaced by
    its backup. `backend` is the backend's URL; nothing is done for one that is no folder.
    """
    if not backend.startswith("file://"):
        return None
    done = None
    for state in (Path(unquote(urlsplit(backend).path)) / ".pulumi" / "stacks").glob(f"**/{stage}.json"):
        backup = _beside(state, ".bak")
        for sidecar in (_beside(state, ".attrs"), _beside(backup, ".attrs")):
            if sidecar.is_file() and not _whole(sidecar):
                sidecar.unlink(missing_ok=True)
                done = "a killed run left the mark beside the stack's state half written: it is removed"
        if not _whole(state) and _whole(backup):
            copy = state.with_name(f".{state.name}.{os.getpid()}")
            shutil.copyfile(backup, copy)
            copy.replace(state)
            done = "a killed run left the stack's state half written: its backup is put back"
    return done


def _beside(path: Path, ending: str) -> Path:
    return path.with_name(path.name + ending)


def _whole(path: Path) -> bool:
    try:
        json.loads(path.read_bytes())
    except (OSError, ValueError):
        return False
    return True
