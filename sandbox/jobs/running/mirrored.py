"""A folder that is kept equal with a place in S3: brought at the start, written as it changes.

Blocking. A file that is deleted stays in S3.
"""

import asyncio
import logging
from collections.abc import Sequence
from pathlib import Path
from threading import Lock

from sandbox.jobs.running.folders import make_folder, write_files
from sandbox.jobs.running.objects import ObjectError, Objects, Owner, joined, names_below
from sandbox.jobs.running.reading import changed, read_file

log = logging.getLogger(__name__)

INTERVAL = 0.5
"""Seconds between two looks at a folder."""


class Mirrored:
    """A folder below /opt/ml and its place. `bring` and `write` raise ObjectError and OSError."""

    def __init__(
        self, ml: Path, folder: Path, uri: str, objects: Objects, owner: Owner, key: str = ""
    ) -> None:
        self._ml = ml
        self._folder = make_folder(folder)
        self._uri = uri.rstrip("/") + "/"
        self._objects = objects
        self._owner = owner
        self._key = key
        self._known: dict[str, tuple[int, int]] = {}
        self._writing = Lock()

    def bring(self) -> None:
        """Fill the folder with what is in S3."""
        named = names_below(self._uri, self._objects.below(self._owner, self._uri))
        files = [(name, self._objects.read(self._owner, uri)) for uri, name in named.items()]
        write_files(self._folder, files)
        self._known = changed(self._ml, self._folder, {})

    def write(self) -> None:
        """Write what has changed since the last time.

        A write that is under way in another thread, whose task may be cancelled long since, is waited for: it
        would put an older state in the place of the last one.
        """
        with self._writing:
            for name, state in changed(self._ml, self._folder, self._known).items():
                try:
                    content = read_file(self._ml, self._folder / name)
                except FileNotFoundError:  # it was renamed meanwhile
                    continue
                self._objects.write(self._owner, joined(self._uri, name), content, self._key)
                self._known[name] = state


async def keep_written(mirrored: Sequence[Mirrored]) -> None:
    """Write what changes, until it is cancelled; what cannot be written is logged, and tried again."""
    while True:
        await asyncio.sleep(INTERVAL)
        for one in mirrored:
            try:
                await asyncio.to_thread(one.write)
            except (ObjectError, OSError):
                log.exception("a job's files were not written to S3")
