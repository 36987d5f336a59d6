"""The state of a stack on a file backend, when the engine was killed in the middle of writing it.

The engine keeps the state before the last one beside it, with the creates that were under way; what they came
to is found out by `release/adapters/orphans.py`. A bucket as backend writes whole objects or none.
"""

import os
import shutil
from pathlib import Path
from urllib.parse import unquote, urlsplit

EMPTY = "failed to load checkpoint: EOF"
"""What the engine says of a state file that holds nothing."""


def restore(stage: str, backend: str) -> bool:
    """Put back the backup of the stage's state where the state is empty; whether there was one to put back.

    `backend` is the backend's URL; nothing is done for one that is no folder.
    """
    if not backend.startswith("file://"):
        return False
    stacks = Path(unquote(urlsplit(backend).path)) / ".pulumi" / "stacks"
    restored = False
    for state in stacks.glob(f"**/{stage}.json"):
        backup = state.with_name(f"{state.name}.bak")
        if state.stat().st_size == 0 and backup.is_file() and backup.stat().st_size:
            whole = state.with_name(f".{state.name}.{os.getpid()}")
            shutil.copyfile(backup, whole)
            whole.replace(state)
            restored = True
    return restored
