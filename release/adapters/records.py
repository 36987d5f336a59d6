"""What a stage keeps of releases in its bucket: `<prefix><release>.json`, one object a release.

An object is changed by a put on condition that it is still the one that was read, so of two writers neither
undoes the other. Errors of AWS leave here explained: whoever looks into several stages has to tell one that
cannot be read from one that keeps nothing.
"""

import re
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any, Generic

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import ValidationError

from release.adapters import objects
from release.adapters.aws import MISSING, StageAws, bucket_exists, error_code, explained
from release.domain import names
from release.domain.approvals import Approvals, Makers
from release.domain.errors import ServiceError
from release.domain.records import Kept
from release.domain.waivers import Waivers

ATTEMPTS = 5
_OVERTAKEN = {"PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey"}


class RecordStore(Generic[Kept]):
    """The records of one kind in one stage.

    `noun` is what people call one, `unread` what nobody knows while one cannot be read.
    """

    def __init__(
        self, aws: StageAws, bucket: str, prefix: str, kind: type[Kept], noun: str, unread: str
    ) -> None:
        self._s3 = aws.client("s3")
        self._bucket = bucket
        self._prefix = prefix
        self._kind = kind
        self._noun = noun
        self._unread = unread

    def exists(self) -> bool:
        """Whether the bucket is there."""
        with explaining():
            return bucket_exists(self._s3, self._bucket)

    def of(self, release: str) -> Kept | None:
        """What is kept of a release, None when nothing is."""
        return self._read(release)[0]

    def all(self) -> list[Kept]:
        """All that is kept, by release."""
        with explaining():
            try:
                keys = [item["Key"] for item in objects.listed(self._s3, self._bucket, self._prefix)]
            except ClientError as error:
                if error_code(error) in MISSING:
                    return []
                raise
        named = re.compile(re.escape(self._prefix) + r"(?P<release>[0-9a-f]+)\.json")
        found = (self.of(match["release"]) for key in keys if (match := named.fullmatch(key)))
        return [kept for kept in found if kept]

    def change(self, release: str, change: Callable[[Kept | None], Kept | None]) -> Kept | None:
        """Keep what `change` makes of what is kept; asked again when another process wrote in between."""
        for _ in range(ATTEMPTS):
            known, tag = self._read(release)
            wanted = change(known)
            if wanted is None or wanted == known or self._put(release, wanted, tag):
                return wanted
        raise ServiceError(
            f"Others keep changing the {self._noun} of {release} in {self._bucket}.",
            "This change was not made.",
            "Run the same command again.",
        )

    def _read(self, release: str) -> tuple[Kept | None, str]:
        with explaining():
            try:
                answer = self._s3.get_object(Bucket=self._bucket, Key=self._key(release))
            except ClientError as error:
                if error_code(error) in MISSING:
                    return None, ""
                raise
            data, tag = answer["Body"].read(), answer["ETag"]
        try:
            return self._kind.model_validate_json(data), tag
        except ValidationError as error:
            raise ServiceError(
                f"The {self._noun} of {release} in {self._bucket} cannot be read: {error.errors()[0]['msg']}",
                f"Nobody can tell {self._unread}, so nothing was changed.",
                f"Restore s3://{self._bucket}/{self._key(release)} from its versions; the bucket keeps them "
                "all.",
            ) from None

    def _put(self, release: str, kept: Kept, tag: str) -> bool:
        """Write it where `tag` is still what lies there (empty: nothing does); False when it is not."""
        condition: dict[str, Any] = {"IfMatch": tag} if tag else {"IfNoneMatch": "*"}
        body = names.canonical_json(kept.model_dump(mode="json"))
        with explaining():
            try:
                self._s3.put_object(
                    Bucket=self._bucket,
                    Key=self._key(release),
                    Body=body,
                    ContentType="application/json",
                    **condition,
                )
            except ClientError as error:
                if error_code(error) in _OVERTAKEN:
                    return False
                raise
        return True

    def _key(self, release: str) -> str:
        return f"{self._prefix}{release}.json"


def approval_store(aws: StageAws, bucket: str) -> RecordStore[Approvals]:
    """Who said yes to releases in a stage."""
    return RecordStore(aws, bucket, names.APPROVALS, Approvals, "approvals", "who said yes to the release")


def maker_store(aws: StageAws, bucket: str) -> RecordStore[Makers]:
    """Who made the releases of a stage."""
    return RecordStore(aws, bucket, names.MAKERS, Makers, "makers", "who made the release")


def waiver_store(aws: StageAws, bucket: str) -> RecordStore[Waivers]:
    """Which gates were waived in a stage."""
    return RecordStore(aws, bucket, names.WAIVERS, Waivers, "waivers", "which gates were waived")


@contextmanager
def explaining() -> Generator[None]:
    """Errors of boto3 as the errors of a release."""
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise explained(error) or ServiceError(
            f"AWS could not be asked: {error}", "Nothing was changed.", "Run the same command again."
        ) from error
