"""A stage's fences in its bucket: `fences/<release>.json`, one object a release."""

from datetime import UTC, datetime

from release.adapters.aws import StageAws
from release.adapters.owner import this_process
from release.adapters.records import RecordStore
from release.domain.fence import Fence, Signature

PREFIX = "fences/"


class FenceStore(RecordStore[Fence]):
    """The fences of one stage."""

    def __init__(self, aws: StageAws, bucket: str) -> None:
        super().__init__(aws, bucket, PREFIX, Fence, "fence", "whether the release is marked bad")

    def sign(self) -> Signature:
        """This process's user and host, and the time."""
        owner = this_process()
        return Signature(
            by=f"{owner.user}@{owner.host}", at=datetime.now(UTC).isoformat(timespec="milliseconds")
        )
