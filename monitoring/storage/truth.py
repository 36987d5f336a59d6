"""Truth files as they lie in S3: one folder, written by whoever knows what really happened."""

import codecs
import hashlib
from collections.abc import Iterator
from datetime import UTC
from typing import Any

from botocore.exceptions import ClientError

from monitoring.quality.ports import TruthFile, UnreadableTruth
from release.adapters import objects
from release.adapters.aws import MISSING, error_code
from release.domain import s3_uri
from release.domain.errors import UsageError

CHUNK = 1 << 20
LONGEST = 1 << 20
"""Bytes of a line that is read at all: a file without line ends would fill the memory."""


class TruthFolder:
    """The truth files under one URI. Methods may raise boto3's errors."""

    def __init__(self, s3: Any, uri: str) -> None:
        self._s3 = s3
        self._bucket, key = s3_uri.parts(uri)
        self._prefix = key if not key or key.endswith("/") else f"{key}/"

    def files(self) -> list[TruthFile]:
        """All files, in the order in which they came. Raises UsageError where there is no such bucket."""
        try:
            found = list(objects.listed(self._s3, self._bucket, self._prefix))
        except ClientError as error:
            if error_code(error) not in MISSING:
                raise
            raise UsageError(
                f"There is no bucket {self._bucket}, where monitoring.quality.truth says the truth is.",
                "Quality was not measured.",
                "Correct monitoring.quality.truth in the stage's file.",
            ) from None
        files = [self._file(item) for item in found if not item["Key"].endswith("/")]
        return sorted(files, key=lambda one: (one.came, one.id))

    def _file(self, item: Any) -> TruthFile:
        uri = f"s3://{self._bucket}/{item['Key']}"
        name = hashlib.sha256(f"{uri} {item['ETag']}".encode()).hexdigest()[:12]
        return TruthFile(name, uri, item["LastModified"].astimezone(UTC))

    def lines(self, file: TruthFile) -> Iterator[str]:
        """Its lines, one after the other. Raises UnreadableTruth, in the middle too."""
        bucket, key = s3_uri.parts(file.uri)
        decoder = codecs.getincrementaldecoder("utf-8-sig")()
        rest = ""
        try:
            body = self._s3.get_object(Bucket=bucket, Key=key)["Body"]
            for chunk in iter(lambda: body.read(CHUNK), b""):
                *whole, rest = (rest + decoder.decode(chunk)).split("\n")
                yield from whole
                if len(rest) > LONGEST:
                    raise UnreadableTruth("a line of it has no end")
            rest += decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            raise UnreadableTruth("it is no text in UTF-8") from None
        except ClientError as error:
            if error_code(error) not in MISSING:
                raise
            raise UnreadableTruth("it was gone when it was read") from None
        if rest:
            yield rest
