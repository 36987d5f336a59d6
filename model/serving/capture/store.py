"""What is kept in S3: files of records, and the key of hashes."""

import secrets

from obstore.exceptions import AlreadyExistsError, PermissionDeniedError

from model.serving.keeping import Keeping, parts
from model.serving.s3 import store as s3_store

SECRET_BYTES = 32
_PATIENCE_SECONDS = 20


class Destination:
    """Where kept files go."""

    def __init__(self, keeping: Keeping) -> None:
        bucket, self._folder = parts(keeping.folder)
        encrypted = {"aws_server_side_encryption": "aws:kms", "aws_sse_kms_key_id": keeping.key}
        self._store = s3_store(bucket, _PATIENCE_SECONDS, **(encrypted if keeping.key else {}))

    def put(self, key: str, content: bytes) -> None:
        """Keep a file. Raises obstore's errors."""
        self._store.put(f"{self._folder}/{key}", content, use_multipart=False)


def secret(keeping: Keeping) -> bytes:
    """The key of hashes: the one that lies there, or one that is made now, for all containers of the stage.

    Of two that make it at once, one is refused and takes the other's. A role that may not list the bucket is
    denied a key that is not there, so it tries to make that one too. Raises obstore's errors.
    """
    bucket, key = parts(keeping.secret)
    store = s3_store(bucket, _PATIENCE_SECONDS)
    try:
        return bytes(store.get(key).bytes())
    except (FileNotFoundError, PermissionDeniedError):
        made = secrets.token_bytes(SECRET_BYTES)
    try:
        store.put(key, made, mode="create", use_multipart=False)
    except AlreadyExistsError:
        return bytes(store.get(key).bytes())
    return made
