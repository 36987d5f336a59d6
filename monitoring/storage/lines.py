"""One line of a capture file into the exchange that it holds. No bodies are read.

Source: "Capture data from real-time endpoint" in SageMaker's developer guide, and its example of a record.
"""

import base64
import binascii
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

import msgspec

from monitoring.records.troubles import NotReadable, Trouble

VERSION = "0"
"""The `eventVersion` of the records that are read."""


class _Side(msgspec.Struct):
    """What went in, or what came out."""

    data: str
    encoding: str
    observedContentType: str = ""  # noqa: N815 - SageMaker's word


class _Data(msgspec.Struct):
    endpointOutput: _Side  # noqa: N815
    endpointInput: _Side | None = None  # noqa: N815


class _Metadata(msgspec.Struct):
    eventId: str  # noqa: N815
    inferenceTime: str  # noqa: N815
    inferenceId: str | None = None  # noqa: N815


class _Record(msgspec.Struct):
    captureData: _Data  # noqa: N815
    eventMetadata: _Metadata  # noqa: N815
    eventVersion: str  # noqa: N815


class _Named(msgspec.Struct):
    eventId: str  # noqa: N815


class _AnyRecord(msgspec.Struct):
    """No more of a record than its name."""

    eventMetadata: _Named  # noqa: N815


_decode = msgspec.json.Decoder(_Record).decode
_decode_name = msgspec.json.Decoder(_AnyRecord).decode


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer, as they were captured."""

    event: str
    inference: str | None
    at: datetime
    request: bytes | None
    """None where answers alone are captured."""
    request_type: str
    answer: bytes
    answer_type: str


def exchange(line: bytes) -> Exchange:
    """The exchange in a line. Raises NotReadable for one that holds none."""
    try:
        record = _decode(line)
    except msgspec.ValidationError:
        raise NotReadable(Trouble.FORM) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise NotReadable(Trouble.LINE) from None
    metadata, data = record.eventMetadata, record.captureData
    if record.eventVersion != VERSION or not metadata.eventId:
        raise NotReadable(Trouble.FORM)
    request, answer = data.endpointInput, data.endpointOutput
    try:
        at = _time(metadata.inferenceTime)
    except (ValueError, OverflowError):
        raise NotReadable(Trouble.FORM) from None
    return Exchange(
        metadata.eventId,
        metadata.inferenceId or None,
        at,
        _body(request) if request else None,
        request.observedContentType if request else "",
        _body(answer),
        answer.observedContentType,
    )


def name_in(line: bytes) -> str:
    """The name of the exchange in a line, whatever its bodies are; empty where the line says none."""
    try:
        return _decode_name(line).eventMetadata.eventId
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""


@lru_cache(maxsize=4096)
def _time(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def _body(side: _Side) -> bytes:
    if side.encoding in ("CSV", "JSON"):
        return side.data.encode()
    if side.encoding != "BASE64":
        raise NotReadable(Trouble.ENCODING)
    try:
        return base64.b64decode(side.data, validate=True)
    except (binascii.Error, ValueError):
        raise NotReadable(Trouble.ENCODING) from None
