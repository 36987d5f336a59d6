"""The id of a request, for its answer and the log: the caller's own (`X-Request-Id`), or a new one."""

import re
import secrets
from collections.abc import Mapping
from itertools import count

HEADER = "x-request-id"
_USABLE = re.compile(r"[A-Za-z0-9._:/+=-]{1,128}")


class RequestIds:
    """Ids that no other process gives: a random part from the start, and a number."""

    def __init__(self) -> None:
        self._prefix = secrets.token_hex(6)
        self._numbers = count(1)

    def of(self, headers: Mapping[str, str]) -> str:
        """The caller's id where it is one line of plain characters (at most 128), else a new one."""
        given = headers.get(HEADER)
        if given is not None and _USABLE.fullmatch(given):
            return given
        return f"{self._prefix}-{next(self._numbers)}"
