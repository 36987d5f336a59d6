"""stdout and stderr as a command writes to them: one that takes nothing more ends no work.

A full disk behind `> file`, or a reader that went away (`| head`), is no reason to stop in the middle of a
rollout. What could not be written is remembered, and told once the work is done.
"""

import os
from contextlib import suppress
from typing import Any, TextIO


class Stream:
    """Writes to `target` until that fails, then drops everything; `lost` says why."""

    def __init__(self, target: TextIO | None) -> None:
        """`target` is None where the caller closed it (`>&-`): then nothing is wanted."""
        self._target = target
        self.lost: OSError | None = None

    def write(self, text: str) -> int:
        """Write `text`; never raises for a target that takes nothing."""
        if self._target is not None and self.lost is None:
            try:
                self._target.write(text)
            except OSError as error:
                self._lose(self._target, error)
        return len(text)

    def flush(self) -> None:
        """Hand on what was written; never raises either."""
        if self._target is not None and self.lost is None:
            try:
                self._target.flush()
            except OSError as error:
                self._lose(self._target, error)

    def isatty(self) -> bool:
        """Whether a person looks at it."""
        return self._target is not None and self._target.isatty()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._target, name)

    def _lose(self, target: TextIO, error: OSError) -> None:
        """Nothing more goes there; what Python still holds for it must not fail when the process ends."""
        self.lost = error
        with suppress(OSError, ValueError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, target.fileno())
            os.close(nowhere)
            target.flush()
