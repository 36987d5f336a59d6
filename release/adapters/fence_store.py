"""A stage's fences in its bucket: `fences/<release>.json`, one object a release.

An object is changed by a put on condition that it is still the one that was read, so of two writers neither
undoes the other. Errors of AWS leave here explained: whoever looks into several stages has to tell one that
cannot be read from one that has no fence.
"""

import re
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import ValidationError

from release.adapters.aws import MISSING, StageAws, bucket_exists, error_code, explained
from release.adapters.owner import this_process
from release.domain import names
from release.domain.errors import ServiceError
from release.domain.fence import Fence, Signature

PREFIX = "fences/"
ATTEMPTS = 5
_OVERTAKEN = {"PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey"}
_KEY = re.compile(re.escape(PREFIX) + r"(?P<release>[0-9a-f]+)\.json")


class FenceStore:
    """The fences of one stage."""

    def __init__(self, aws: StageAws, bucket: str) -> None:
        self._s3 = aws.client("s3")
        self._bucket = bucket

    def exists(self) -> bool:
        """Whether the bucket is there."""
        with explaining():
            return bucket_exists(self._s3, self._bucket)

    def sign(self) -> Signature:
        """This process's user and host, and the time."""
        owner = this_process()
        return Signature(
            by=f"{owner.user}@{owner.host}", at=datetime.now(UTC).isoformat(timespec="milliseconds")
        )

    def of(self, release: str) -> Fence | None:
        """What is kept of a release, None when nothing is."""
        return self._read(release)[0]

    def all(self) -> list[Fence]:
        """All that is kept, by release."""
        with explaining():
            try:
                pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=PREFIX)
                keys = [item["Key"] for page in pages for item in page.get("Contents", [])]
            except ClientError as error:
                if error_code(error) in MISSING:
                    return []
                raise
        found = (self.of(match["release"]) for key in keys if (match := _KEY.fullmatch(key)))
        return [fence for fence in found if fence]

    def change(self, release: str, change: Callable[[Fence | None], Fence | None]) -> Fence | None:
        """Keep what `change` makes of what is kept; asked again when another process wrote in between."""
        for _ in range(ATTEMPTS):
            known, tag = self._read(release)
            wanted = change(known)
            if wanted is None or wanted == known or self._put(release, wanted, tag):
                return wanted
        raise ServiceError(
            f"Others keep changing the fence of {release} in {self._bucket}.",
            "This change was not made.",
            "Run the same command again.",
        )

    def _read(self, release: str) -> tuple[Fence | None, str]:
        with explaining():
            try:
                answer = self._s3.get_object(Bucket=self._bucket, Key=_key(release))
            except ClientError as error:
                if error_code(error) in MISSING:
                    return None, ""
                raise
            data, tag = answer["Body"].read(), answer["ETag"]
        try:
            return Fence.model_validate_json(data), tag
        except ValidationError as error:
            raise ServiceError(
                f"The fence of {release} in {self._bucket} cannot be read: {error.errors()[0]['msg']}",
                "Nobody can tell whether the release is marked bad, so nothing was changed.",
                f"Restore s3://{self._bucket}/{_key(release)} from its versions; the bucket keeps them all.",
            ) from None

    def _put(self, release: str, fence: Fence, tag: str) -> bool:
        """Write it where `tag` is still what lies there (empty: nothing does); False when it is not."""
        condition: dict[str, Any] = {"IfMatch": tag} if tag else {"IfNoneMatch": "*"}
        body = names.canonical_json(fence.model_dump(mode="json"))
        with explaining():
            try:
                self._s3.put_object(
                    Bucket=self._bucket,
                    Key=_key(release),
                    Body=body,
                    ContentType="application/json",
                    **condition,
                )
            except ClientError as error:
                if error_code(error) in _OVERTAKEN:
                    return False
                raise
        return True


@contextmanager
def explaining() -> Generator[None]:
    """Errors of boto3 as the errors of a release."""
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise explained(error) or ServiceError(
            f"AWS could not be asked: {error}", "Nothing was changed.", "Run the same command again."
        ) from error


def _key(release: str) -> str:
    return f"{PREFIX}{release}.json"
