"""The settings of data capture in an endpoint config, and one captured request as a line of a file. Pure.

Sources: the API reference of DataCaptureConfig, and "Capture data from real-time endpoint" in the developer
guide: `s3://<destination>/<endpoint>/<variant>/yyyy/mm/dd/hh/<file>.jsonl`, one JSON object a line.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

_MODES = {"Input": "INPUT", "Output": "OUTPUT"}


@dataclass(frozen=True)
class CaptureSettings:
    """What is captured, where to, and how a content type is encoded."""

    destination: str
    """`s3://bucket/prefix`, without a slash at its end."""
    percentage: int
    modes: frozenset[str]
    csv_types: frozenset[str] = frozenset()
    json_types: frozenset[str] = frozenset()
    key: str = ""
    """The KMS key for what is written; "" as its bucket says."""

    def encoding(self, content_type: str) -> str:
        """CSV or JSON for the content types that were named so, BASE64 for every other."""
        kind = content_type.partition(";")[0].strip().lower()
        if kind in self.csv_types:
            return "CSV"
        return "JSON" if kind in self.json_types else "BASE64"


@dataclass(frozen=True)
class Exchange:
    """One invocation: what went into a container and what came out of it."""

    request: bytes
    request_type: str
    response: bytes
    response_type: str
    time: datetime
    event_id: str
    inference_id: str = ""
    custom_attributes: str = ""


def capture_settings(config: Mapping[str, Any] | None) -> CaptureSettings | None:
    """The settings of a DataCaptureConfig, or None when nothing is to be captured."""
    if not config or config.get("EnableCapture") is False:
        return None
    given = {option["CaptureMode"] for option in config["CaptureOptions"]}
    modes = set(_MODES) if "InputAndOutput" in given else given
    types = config.get("CaptureContentTypeHeader") or {}
    return CaptureSettings(
        destination=config["DestinationS3Uri"].rstrip("/"),
        percentage=int(config["InitialSamplingPercentage"]),
        modes=frozenset(modes),
        csv_types=frozenset(kind.lower() for kind in types.get("CsvContentTypes") or []),
        json_types=frozenset(kind.lower() for kind in types.get("JsonContentTypes") or []),
        key=config.get("KmsKeyId") or "",
    )


def captured_line(settings: CaptureSettings, exchange: Exchange) -> str:
    """One line of a capture file, without its newline."""
    data: dict[str, Any] = {}
    if "Input" in settings.modes:
        data["endpointInput"] = _side(settings, "INPUT", exchange.request, exchange.request_type)
    if "Output" in settings.modes:
        data["endpointOutput"] = _side(settings, "OUTPUT", exchange.response, exchange.response_type)
    metadata: dict[str, Any] = {"eventId": exchange.event_id}
    if exchange.custom_attributes:
        metadata["customAttributes"] = [exchange.custom_attributes]
    if exchange.inference_id:
        metadata["inferenceId"] = exchange.inference_id
    metadata["inferenceTime"] = exchange.time.strftime("%Y-%m-%dT%H:%M:%SZ")
    return json.dumps({"captureData": data, "eventMetadata": metadata, "eventVersion": "0"})


def hour_folder(time: datetime) -> str:
    """`yyyy/mm/dd/hh` of a time in UTC."""
    return time.strftime("%Y/%m/%d/%H")


def _side(settings: CaptureSettings, mode: str, body: bytes, content_type: str) -> dict[str, str]:
    encoding = settings.encoding(content_type)
    if encoding != "BASE64":
        try:
            text = body.decode()
        except UnicodeDecodeError:
            encoding = "BASE64"
    if encoding == "BASE64":
        text = base64.b64encode(body).decode()
    return {"observedContentType": content_type, "mode": mode, "data": text, "encoding": encoding}
