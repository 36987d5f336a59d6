"""What a worker keeps: asked for every answer, and never a reason to answer otherwise or later.

keeper = Keeper(keeping)                       # None: nothing is kept
keeper.describe(schema)                        # once the model is loaded
answer = keeper.kept(request, table, encode)   # in the place of `encode`
"""

import logging
import random
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from model.serving.answers import Answer
from model.serving.application import Request
from model.serving.capture import spool
from model.serving.capture.records import line
from model.serving.capture.redaction import Redaction
from model.serving.capture.spool import Spool
from model.serving.keeping import Keeping
from model.serving.models.columns import Table
from model.serving.models.schema import Schema

log = logging.getLogger(__name__)

Encode = Callable[[list[Any]], Answer]
SAID_EVERY = 10.0
"""Seconds between two lines of the log about what could not be kept."""
ASKED_EVERY = 15.0
"""Seconds between two tries to get the key of hashes."""


class Keeper:
    """Keeps a share of what one worker answers. May be called from several threads at once."""

    def __init__(self, keeping: Keeping | None) -> None:
        self._keeping = keeping
        self._spool = Spool(spool.folder(keeping)) if keeping else None
        self._redaction: Redaction | None = None
        self._secret: bytes | None = None
        self._counting = threading.Lock()
        self.kept = 0
        """Records on disk, or further."""
        self.lost = 0
        """Records that should be there and could not be."""
        self._told, self._next = 0, 0.0

    def describe(self, schema: Schema) -> None:
        """From now on answers of this schema's model are kept; where what is kept is hashed, with the
        stage's key."""
        if self._keeping is None:
            return
        redaction = Redaction(schema)
        if redaction.hashes and self._keeping.inputs:
            if not self._asked():
                threading.Thread(target=self._ask, name="hash key", daemon=True).start()
        else:
            self._secret = b""
        self._redaction = redaction

    def keeping(self, request: Request, table: Table, encode: Encode) -> Encode:
        """`encode`, whose answer is kept where this request is one of the share that is."""
        asked = self._keeping
        if asked is None or self._redaction is None or random.random() * 100 >= asked.percent:  # noqa: S311
            return encode
        done = False

        def answered(scores: list[Any]) -> Answer:
            nonlocal done
            answer = encode(scores)
            if not done:
                done = True
                self._keep(request, table, answer)
            return answer

        return answered

    def tick(self) -> None:
        """Hand on what was kept, and say what could not be; call it about once a second."""
        if self._spool is None:
            return
        self._spool.tick()
        if self.lost > self._told and time.monotonic() >= self._next:
            log.error("capture: %d records could not be kept", self.lost - self._told)
            self._told, self._next = self.lost, time.monotonic() + SAID_EVERY

    def close(self) -> None:
        """Hand on all that was kept."""
        if self._spool is not None:
            self._next = 0.0
            self.tick()
            self._spool.close()

    def _keep(self, request: Request, table: Table, answer: Answer) -> None:
        assert self._keeping is not None
        assert self._redaction is not None
        assert self._spool is not None
        try:
            if self._secret is None:
                raise LookupError("the key of hashes is not known yet")
            now = datetime.now(UTC)
            rows = self._redaction.rows(table, self._secret) if self._keeping.inputs else None
            self._spool.add(now, line(str(uuid4()), now, request.headers, rows, answer))
        except Exception as error:  # whatever it is, the caller gets the answer
            log.debug("capture: %s", type(error).__name__)
            with self._counting:
                self.lost += 1
        else:
            with self._counting:
                self.kept += 1

    def _asked(self) -> bool:
        """Whether the key of hashes is known, asked for once."""
        from model.serving.capture.store import secret  # a client of S3, which few containers need

        assert self._keeping is not None
        try:
            self._secret = secret(self._keeping)
        except Exception as error:
            log.error("capture: %s cannot be read: %s", self._keeping.secret, type(error).__name__)
            return False
        return True

    def _ask(self) -> None:
        while True:
            time.sleep(ASKED_EVERY)
            if self._asked():
                return
