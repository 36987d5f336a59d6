"""Marks of hours that are to be read again, in a stage's bucket: one object for each time that one was left.

Whoever deletes or changes what an hour's record was made of leaves a mark. `./slipway monitor` reads the
hours of all marks and deletes a mark after that. One that is left meanwhile is another object and stays.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any
from uuid import uuid4

from monitoring.records import hours
from monitoring.records.hours import Mark
from release.adapters import objects


def mark_again(s3: Any, bucket: str, endpoint: str, wanted: Iterable[datetime]) -> Mark:
    """Have these hours read again by the next look at the endpoint, whose name is the one in the stage.

    All of them by one write, so that a process that dies marks all or none. Leave it after the change: a look
    that is under way may have read them as they were before, and clears only marks that it found.
    """
    mark = Mark(f"{hours.marks_place(endpoint)}{uuid4().hex[:12]}.json", tuple(sorted(set(wanted))))
    s3.put_object(Bucket=bucket, Key=mark.key, Body=mark.to_bytes())
    return mark


def marked(s3: Any, bucket: str, endpoint: str) -> Iterator[Mark]:
    """All marks that there are. Raises ServiceError for one that is damaged."""
    for item in objects.listed(s3, bucket, hours.marks_place(endpoint)):
        if found := objects.read(s3, bucket, item["Key"]):
            yield Mark.from_bytes(found[0], item["Key"], f"s3://{bucket}/{item['Key']}")


def clear(s3: Any, bucket: str, mark: Mark) -> None:
    """Its hours were read."""
    s3.delete_object(Bucket=bucket, Key=mark.key)
