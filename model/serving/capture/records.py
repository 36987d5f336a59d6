"""One exchange as a line, in the form of SageMaker's own data capture. Pure.

Source: "Capture data from real-time endpoint" in SageMaker's developer guide, and the record of its examples.
The request is kept as the rows that the model read, as JSON, whatever format it came in.
"""

import base64
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from model.serving.answers import JSON, Answer
from model.serving.formats.refusals import ATTRIBUTES

INFERENCE = "x-amzn-sagemaker-inference-id"
_TEXT = {"application/json": "JSON", "text/csv": "CSV"}
"""What of answers is kept as it stands; all else in Base64."""


def line(
    event: str,
    at: datetime,
    headers: Mapping[str, str],
    rows: Sequence[Mapping[str, Any]] | None,
    answer: Answer,
) -> bytes:
    """The line, its end included, of an exchange at `at` (UTC); without `rows` of its answer alone."""
    data: dict[str, Any] = {}
    if rows is not None:
        body = msgspec.json.encode({"instances": rows}).decode()
        data["endpointInput"] = _side("INPUT", JSON, body, "JSON")
    data["endpointOutput"] = _output(answer)
    metadata: dict[str, Any] = {"eventId": event}
    if attributes := headers.get(ATTRIBUTES):
        metadata["customAttributes"] = [attributes]
    if inference := headers.get(INFERENCE):
        metadata["inferenceId"] = inference
    metadata["inferenceTime"] = f"{at:%Y-%m-%dT%H:%M:%SZ}"
    found = {"captureData": data, "eventMetadata": metadata, "eventVersion": "0"}
    return msgspec.json.encode(found) + b"\n"


def _output(answer: Answer) -> dict[str, str]:
    encoding = _TEXT.get(answer.media.partition(";")[0].strip().lower(), "BASE64")
    body = base64.b64encode(answer.body) if encoding == "BASE64" else answer.body
    return _side("OUTPUT", answer.media, body.decode(), encoding)


def _side(mode: str, media: str, data: str, encoding: str) -> dict[str, str]:
    return {"observedContentType": media, "mode": mode, "data": data, "encoding": encoding}
