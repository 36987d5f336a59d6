"""S3 as the container's role: files that are kept, and the key of hashes. By obstore, a client in Rust.

Where AWS is and whose credentials are used, the standard variables say; in SageMaker the container's role.
"""

import os
import secrets
from datetime import timedelta
from typing import Any

from obstore.exceptions import AlreadyExistsError, PermissionDeniedError
from obstore.store import S3Store

from model.serving.keeping import Keeping, parts

SECRET_BYTES = 32
_PATIENCE = timedelta(seconds=20)


def _store(bucket: str, **config: Any) -> S3Store:
    plain = os.environ.get("AWS_ENDPOINT_URL", "").startswith("http://")
    return S3Store(
        bucket,
        config=config,
        client_options={"allow_http": plain, "timeout": _PATIENCE},
        retry_config={"max_retries": 3, "retry_timeout": _PATIENCE},
    )


class Destination:
    """Where kept files go."""

    def __init__(self, keeping: Keeping) -> None:
        bucket, self._folder = parts(keeping.folder)
        encrypted = {"aws_server_side_encryption": "aws:kms", "aws_sse_kms_key_id": keeping.key}
        self._store = _store(bucket, **(encrypted if keeping.key else {}))

    def put(self, key: str, content: bytes) -> None:
        """Keep a file. Raises obstore's errors."""
        self._store.put(f"{self._folder}/{key}", content, use_multipart=False)


def secret(keeping: Keeping) -> bytes:
    """The key of hashes: the one that lies there, or one that is made now, for all containers of the stage.

    Of two that make it at once, one is refused and takes the other's. A role that may not list the bucket is
    denied a key that is not there, so it tries to make that one too. Raises obstore's errors.
    """
    bucket, key = parts(keeping.secret)
    store = _store(bucket)
    try:
        return bytes(store.get(key).bytes())
    except (FileNotFoundError, PermissionDeniedError):
        made = secrets.token_bytes(SECRET_BYTES)
    try:
        store.put(key, made, mode="create", use_multipart=False)
    except AlreadyExistsError:
        return bytes(store.get(key).bytes())
    return made
