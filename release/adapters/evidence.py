"""What rollouts are judged by and what is told of them, in the stage's bucket beside the ledger."""

from collections.abc import Iterator

from release.adapters.aws import StageAws

PREFIX = "rollouts/"
TYPES = {".html": "text/html; charset=utf-8", ".md": "text/markdown; charset=utf-8"}


class EvidenceStore:
    """Evidence of one stage's rollouts."""

    def __init__(self, aws: StageAws, bucket: str) -> None:
        self._s3 = aws.client("s3")
        self._bucket = bucket

    def kept(self, rollout: str, kind: str) -> Iterator[str]:
        """What was kept, in the order of its numbers. Raises boto3's errors."""
        pages = self._s3.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=_folder(rollout, kind)
        )
        for page in pages:
            for item in page.get("Contents", []):
                body = self._s3.get_object(Bucket=self._bucket, Key=item["Key"])["Body"].read()
                yield from body.decode().splitlines()

    def put_report(self, rollout: str, name: str, data: bytes) -> str:
        """Keep a report of a rollout under this name, in the place of an earlier one; where it lies."""
        key = f"{PREFIX}{rollout}/{name}"
        content = TYPES[name[name.rindex(".") :]]
        self._s3.put_object(Bucket=self._bucket, Key=key, Body=data, ContentType=content)
        return f"s3://{self._bucket}/{key}"


def _folder(rollout: str, kind: str) -> str:
    return f"{PREFIX}{rollout}/{kind}/"
