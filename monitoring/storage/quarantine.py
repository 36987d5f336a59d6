"""Lines that could not be read, with their cause: the first ones of an hour, so that a person can look.

They are copies: the capture files stay where they are, and are read again with the hour.
"""

import json
from pathlib import Path

from monitoring.records.troubles import Trouble

MOST_LINES, MOST_BYTES = 10_000, 32 << 20
LONGEST = 64 << 10
"""Bytes that are kept of a line."""


class Quarantine:
    """A file of them, while it is written."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.kept = 0
        self._size = 0

    def add(self, trouble: Trouble, file: str, line: bytes) -> None:
        """Keep one line, where there is room."""
        if self.kept >= MOST_LINES or self._size >= MOST_BYTES:
            return
        text = line[:LONGEST].decode("utf-8", "backslashreplace")
        kept = json.dumps({"cause": trouble.value, "file": file, "bytes": len(line), "line": text}) + "\n"
        with self.path.open("a") as opened:
            opened.write(kept)
        self.kept += 1
        self._size += len(kept)
