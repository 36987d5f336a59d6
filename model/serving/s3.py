"""S3 as the container's role, by obstore, a client in Rust.

Where AWS is and whose credentials are used, the standard variables say; in SageMaker the container's role.
"""

import os
from datetime import timedelta
from typing import Any

from obstore.store import S3Store


def store(bucket: str, seconds: float, **config: Any) -> S3Store:
    """A bucket, each of whose answers is waited for so long."""
    plain = os.environ.get("AWS_ENDPOINT_URL", "").startswith("http://")
    patience = timedelta(seconds=seconds)
    return S3Store(
        bucket,
        config=config,
        client_options={"allow_http": plain, "timeout": patience},
        retry_config={"max_retries": 3, "retry_timeout": patience},
    )
