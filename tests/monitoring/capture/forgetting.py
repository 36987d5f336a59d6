"""Captured records in a bucket of the sandbox that keeps versions, and orders to forget some."""

import json
from dataclasses import replace
from typing import Any

from monitoring.capture.selection import Selector
from monitoring.operations.forget import Done, Order, forget
from monitoring.storage.erasure import Erasure
from monitoring.storage.selected import selected
from release.domain.forgotten import Forgetting, Forgotten
from tests.fakes.world import FakeStage, Told

BUCKET = "slipway-prod"
PLACE = "capture/delays-prod"
KEY = b"k" * 32
DAY, HOUR = "2026-11-30", "2026/11/30/02"


def versions(s3: Any, prefix: str) -> list[tuple[str, str]]:
    found = s3.list_object_versions(Bucket=BUCKET, Prefix=prefix)
    listed = [*found.get("Versions", []), *found.get("DeleteMarkers", [])]
    return [(one["Key"], one["VersionId"]) for one in listed]


def everything(s3: Any) -> bytes:
    """All that lies in the bucket, in any version, but for the proofs."""
    return b"".join(
        s3.get_object(Bucket=BUCKET, Key=one["Key"], VersionId=one["VersionId"])["Body"].read()
        for one in s3.list_object_versions(Bucket=BUCKET).get("Versions", [])
        if not one["Key"].startswith("forgotten/")
    )


def record(name: str, body: str, content_type: str = "application/json") -> str:
    side = {"observedContentType": content_type, "mode": "INPUT", "data": body, "encoding": "JSON"}
    data = {"endpointInput": side, "endpointOutput": {**side, "data": "{}", "mode": "OUTPUT"}}
    metadata = {"eventId": f"event-{name}", "inferenceId": name, "inferenceTime": "2026-11-30T02:00:00Z"}
    return json.dumps({"captureData": data, "eventMetadata": metadata, "eventVersion": "0"}) + "\n"


def row(**values: Any) -> str:
    return json.dumps({"instances": [{"colour": "red", "size": 1.0, **values}]})


def put(s3: Any, key: str, *lines: str) -> None:
    s3.put_object(Bucket=BUCKET, Key=key, Body="".join(lines).encode())


def ask(s3: Any, stage: FakeStage, selector: Selector, **order: Any) -> Done:
    told = Told()
    asked = replace(Order(selector, "asked by its owner"), **order)
    return forget(stage.ports(), Erasure(s3, BUCKET), selected, None, asked, told)


def ledger(stage: FakeStage) -> list[Any]:
    found = [one.entry.what for one in stage.ledger.stored]
    return [what for what in found if isinstance(what, Forgetting | Forgotten)]


def proven(stage: FakeStage) -> int:
    """How many deletions have ended."""
    return sum(isinstance(one, Forgotten) for one in ledger(stage))
