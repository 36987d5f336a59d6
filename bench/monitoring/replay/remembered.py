"""The stage's S3 with a memory of what was written through it: simulated days read the same hours again.

All is written to the real bucket and listed there. What is read back is remembered: nobody else writes it.
"""

import io
from typing import Any


class Remembered:
    """An S3 client, as far as monitoring asks for it."""

    def __init__(self, s3: Any) -> None:
        self._s3 = s3
        self._written: dict[tuple[str, str], tuple[bytes, str]] = {}

    def put_object(self, **request: Any) -> Any:
        """PutObject."""
        answer = self._s3.put_object(**request)
        self._written[request["Bucket"], request["Key"]] = request["Body"], answer["ETag"]
        return answer

    def get_object(self, **request: Any) -> Any:
        """GetObject, of what was written here from memory."""
        found = self._written.get((request["Bucket"], request["Key"]))
        if found is None:
            return self._s3.get_object(**request)
        return {"Body": io.BytesIO(found[0]), "ETag": found[1]}

    def get_paginator(self, operation: str) -> Any:
        """Of the real bucket."""
        return self._s3.get_paginator(operation)
