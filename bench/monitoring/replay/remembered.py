"""The stage's S3 with a memory of what was written through it: simulated days read the same hours again.

All is written to the real bucket and listed there. What is read back is remembered: nobody else writes it.
"""

import io
from typing import Any


class Remembered:
    """An S3 client, as far as monitoring asks for it."""

    def __init__(self, s3: Any) -> None:
        self._s3 = s3
        self._bodies: dict[tuple[str, str], bytes] = {}

    def put_object(self, **request: Any) -> Any:
        """PutObject."""
        answer = self._s3.put_object(**request)
        self._bodies[request["Bucket"], request["Key"]] = request["Body"]
        return answer

    def get_object(self, **request: Any) -> Any:
        """GetObject, of what was written here from memory."""
        body = self._bodies.get((request["Bucket"], request["Key"]))
        return {"Body": io.BytesIO(body)} if body is not None else self._s3.get_object(**request)

    def get_paginator(self, operation: str) -> Any:
        """Of the real bucket."""
        return self._s3.get_paginator(operation)
