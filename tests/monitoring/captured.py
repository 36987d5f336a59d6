"""A stage whose live release captures everything, and the bucket in which that lies."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from model import artifact
from monitoring.operations.monitor import Asked, Monitored, monitor
from monitoring.storage.captured import CapturedRecords
from release.domain.capture import Capture
from release.domain.manifest import ModelRecord
from release.domain.pins import ReleasePin
from tests.fakes.findings import Shelf
from tests.fakes.world import FakeStage, Told
from tests.release.adapters.s3 import FakeS3, etag, refusal
from tests.release.scenes import ENDPOINT, NAME, serving

HOUR = datetime(2026, 1, 1, 12, tzinfo=UTC)
TO = "s3://kept/some/answers"
JSON = "application/json"
SCHEMA: dict[str, Any] = {
    "service": "delays",
    "features": [
        {"name": "carrier", "kind": "category", "nullable": False},
        {"name": "distance", "kind": "number", "nullable": False},
        {"name": "gust", "kind": "number", "nullable": True},
    ],
    "output": {"name": "late"},
}
REFERENCE = "carrier,distance,gust,score\n" + "".join(
    f"{carrier},{distance},{gust},{distance / 1000}\n"
    for distance, (carrier, gust) in enumerate([("AA", "1.5"), ("UA", ""), ("B6", "2.5")] * 10)
)
ROW = {"carrier": "UA", "distance": 7, "gust": None}


class Bucket(FakeS3):
    """S3 in memory, as far as monitoring asks more of it."""

    def __init__(self) -> None:
        super().__init__("kept")
        self.denied = ""
        """A prefix that is refused."""

    def get_object(self, **request: Any) -> dict[str, Any]:
        """Where it is not refused."""
        self._allowed(request["Key"])
        return super().get_object(**request)

    def put_object(self, **request: Any) -> dict[str, Any]:
        """Where it is not refused."""
        self._allowed(request["Key"])
        return super().put_object(**request)

    def _allowed(self, key: str) -> None:
        if self.denied and key.startswith(self.denied):
            raise refusal("AccessDenied", 403)

    def paginate(self, **request: Any) -> Iterator[dict[str, Any]]:
        """With a delimiter the folders right below a prefix."""
        self._allowed(request["Prefix"])
        if "Delimiter" not in request:
            yield from super().paginate(**request)
            return
        self.calls["list"] += 1
        prefix = request["Prefix"]
        below = {key[len(prefix) :].partition("/")[:2] for key in self.objects if key.startswith(prefix)}
        yield {"CommonPrefixes": [{"Prefix": f"{prefix}{name}/"} for name, slash in sorted(below) if slash]}

    def upload_file(self, path: str, bucket: str, key: str) -> None:
        """From a file."""
        self._allowed(key)
        self.calls["upload"] += 1
        self.write(key, Path(path).read_bytes())

    def _item(self, key: str) -> dict[str, Any]:
        return {**super()._item(key), "ETag": f'"{etag(self.objects[key])}"'}


def line(
    request: Any, answer: Any, event: str, at: datetime = HOUR, inference: str | None = None, **changes: Any
) -> bytes:
    """One exchange as SageMaker writes it; bodies that are no text are JSON."""
    sides = {
        side: {
            "observedContentType": JSON,
            "mode": side.removeprefix("endpoint").upper(),
            "data": body if isinstance(body, str) else json.dumps(body),
            "encoding": "JSON",
        }
        | changes.pop(side, {})
        for side, body in (("endpointInput", request), ("endpointOutput", answer))
    }
    metadata = {"eventId": event, "inferenceTime": f"{at:%Y-%m-%dT%H:%M:%SZ}"}
    if inference:
        metadata["inferenceId"] = inference
    return json.dumps(
        {"captureData": sides, "eventMetadata": metadata, "eventVersion": "0"} | changes
    ).encode()


def rows(*found: Mapping[str, Any]) -> dict[str, Any]:
    """A request of these rows."""
    return {"instances": list(found)}


def scores(*found: float | None) -> dict[str, Any]:
    """An answer of these scores."""
    return {"predictions": list(found)}


def reading_release(
    stage: FakeStage,
    number: int,
    schema: Mapping[str, Any] = SCHEMA,
    reference: str = REFERENCE,
    **capture: Any,
) -> ReleasePin:
    """A release whose records can be read: its artifact holds a schema, and a reference that is not ""."""
    files = {artifact.SCHEMA: json.dumps(schema)} | ({artifact.REFERENCE: reference} if reference else {})
    packed = artifact.pack({name: text.encode() for name, text in files.items()})
    pin = stage.pin(number, schema=schema)
    manifest = stage.artifacts.manifests.pop(pin.release)
    sha256 = hashlib.sha256(packed).hexdigest()
    manifest = manifest.model_copy(update={"model": ModelRecord(sha256=sha256, size=len(packed))})
    uri = stage.artifacts.model_uri(sha256)
    stage.artifacts.models[uri] = packed
    stage.artifacts.put_release(manifest, b"{}")
    found = {"release": manifest.id, "model": uri, "sha256": sha256}
    return pin.model_copy(update=found | {"capture": Capture(percent=100, to=TO, **capture)})


@dataclass
class Scene:
    """The stage `prod`, whose live release captures everything."""

    stage: FakeStage = field(default_factory=lambda: serving(0))
    s3: Bucket = field(default_factory=Bucket)
    told: Told = field(default_factory=Told)
    shelf: Shelf = field(default_factory=Shelf)
    schema: Mapping[str, Any] = field(default_factory=lambda: SCHEMA)
    capture_as: Mapping[str, Any] = field(default_factory=dict)
    reference: str = REFERENCE

    def __post_init__(self) -> None:
        self.pin = reading_release(self.stage, 7, self.schema, self.reference, **self.capture_as)
        settings = self.stage.file.endpoints[ENDPOINT]
        self.stage.file.endpoints[ENDPOINT] = settings.model_copy(update={"live": self.pin})
        self.at(HOUR + timedelta(hours=2, minutes=30))

    def at(self, moment: datetime) -> None:
        """It is that time now."""
        self.stage.clock.seconds = (moment - datetime(2026, 1, 1, tzinfo=UTC)).total_seconds()

    def capture(
        self, *lines: bytes, hour: datetime = HOUR, variant: str = "live", name: str = "", end: bytes = b"\n"
    ) -> str:
        """A capture file; its key."""
        file = name or f"00-00-{len(self.s3.objects):03d}"
        key = f"some/answers/{NAME}/{variant}/{hour:%Y/%m/%d/%H}/{file}.jsonl"
        self.s3.write(key, b"\n".join(lines) + end)
        return key

    @property
    def records(self) -> CapturedRecords:
        """As a new process sees them."""
        return CapturedRecords(self.s3, self.stage.artifacts, ENDPOINT, NAME)

    def monitor(self, **asked: Any) -> Monitored:
        """Read what is new."""
        return monitor(
            self.stage.ports(), lambda _: self.records, self.shelf.findings, None, Asked(**asked), self.told
        )

    def kept(self, what: str) -> Sequence[str]:
        """The keys of what monitoring keeps of a kind: hours, rows, quarantine."""
        return sorted(key for key in self.s3.objects if key.startswith(f"monitoring/{ENDPOINT}/{what}/"))
