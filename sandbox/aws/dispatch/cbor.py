"""The protocol `smithy-rpc-v2-cbor`, in which newer SDKs speak to CloudWatch: turned into JSON and back.

moto answers the same actions in JSON. A request becomes the JSON request of the same action, and the answer
becomes CBOR by the shapes of botocore's model. Services without a JSON protocol are not translated.
"""

import base64
import json
import re
import struct
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from botocore.exceptions import UnknownServiceError
from botocore.parsers import BaseCBORParser, ResponseParserError
from botocore.session import get_session

from sandbox.aws.shared.errors import Answer, BadRequest
from sandbox.core.asgi import Scope, header

PROTOCOL = "rpc-v2-cbor"
_PATH = re.compile(r"/service/[^/]+/operation/(?P<action>\w+)")
_DROPPED = (b"content-type", b"content-length", b"smithy-protocol", b"accept")


def is_cbor(scope: Scope) -> bool:
    """Whether a request speaks this protocol."""
    return header(scope, b"smithy-protocol") == PROTOCOL


def as_json(scope: Scope, service: str, body: bytes) -> tuple[Scope, bytes]:
    """The JSON request of the same action. Raises BadRequest for a body that is not CBOR."""
    match = _PATH.fullmatch(scope["path"])
    try:
        prefix = get_session().get_service_model(service).metadata.get("targetPrefix", service)
    except UnknownServiceError:
        prefix = service
    try:
        members = read(body) if body else {}
    except (ResponseParserError, ValueError, IndexError) as error:
        raise BadRequest("SerializationException", "Unable to parse the request body as CBOR.") from error
    text = json.dumps(members, default=_plain).encode()
    action = match["action"] if match else ""
    headers = [
        *((name, value) for name, value in scope["headers"] if name not in _DROPPED),
        (b"content-type", b"application/x-amz-json-1.0"),
        (b"x-amz-target", f"{prefix}.{action}".encode()),
        (b"content-length", str(len(text)).encode()),
    ]
    return {**scope, "path": "/", "raw_path": b"/", "headers": headers}, text


def as_cbor(service: str, action: str, answer: Answer) -> Answer:
    """A JSON answer in CBOR; errors keep `__type` and message."""
    try:
        members = json.loads(answer.body or b"{}")
    except ValueError:
        members = {}
    shape = None
    if answer.status < 400:
        shape = get_session().get_service_model(service).operation_model(action).output_shape
    body = b"".join(write(members, shape))
    kept = [
        (name, value)
        for name, value in answer.headers
        if name.lower() not in ("content-type", "content-length", "smithy-protocol")
    ]
    ours = [("smithy-protocol", PROTOCOL), ("Content-Type", "application/cbor")]
    return Answer(answer.status, [*kept, *ours, ("Content-Length", str(len(body)))], body)


def read(body: bytes) -> Any:
    """The value that CBOR bytes hold. Raises ResponseParserError for what is none."""
    parser = BaseCBORParser()
    return parser.parse_data_item(parser.get_peekable_stream_from_bytes(body))


def write(value: Any, shape: Any = None) -> Iterator[bytes]:
    """CBOR of a JSON value; a shape tells times, fractions and bytes from numbers and texts."""
    kind = shape.type_name if shape is not None else ""
    if kind == "timestamp":
        yield b"\xc1\xfb" + struct.pack(">d", _seconds(value))
    elif kind == "blob" and isinstance(value, str):
        content = base64.b64decode(value)
        yield _head(2, len(content)) + content
    elif value is None or isinstance(value, bool):
        yield {None: b"\xf6", True: b"\xf5", False: b"\xf4"}[value]
    elif isinstance(value, float) or kind in ("float", "double"):
        yield b"\xfb" + struct.pack(">d", float(value))
    elif isinstance(value, int):
        yield _head(0, value) if value >= 0 else _head(1, -1 - value)
    elif isinstance(value, str):
        yield _head(3, len(value.encode())) + value.encode()
    elif isinstance(value, list):
        yield _head(4, len(value))
        for entry in value:
            yield from write(entry, shape.member if kind == "list" else None)
    else:
        yield from _map(value, shape, kind)


def _map(value: dict[str, Any], shape: Any, kind: str) -> Iterator[bytes]:
    yield _head(5, len(value))
    for name, entry in value.items():
        yield from write(name)
        if kind == "structure":
            yield from write(entry, shape.members.get(name))
        else:
            yield from write(entry, shape.value if kind == "map" else None)


def _head(major: int, number: int) -> bytes:
    """The first bytes of a data item: its major type and a length or number."""
    if number < 24:
        return bytes([major << 5 | number])
    for extra, size, code in ((24, 1, ">B"), (25, 2, ">H"), (26, 4, ">I"), (27, 8, ">Q")):
        if number < 1 << (8 * size):
            return bytes([major << 5 | extra]) + struct.pack(code, number)
    raise ValueError(f"{number} is too large for CBOR")


def _seconds(value: Any) -> float:
    if isinstance(value, str):
        return datetime.fromisoformat(value).timestamp()
    return float(value)


def _plain(value: Any) -> Any:
    """What JSON has no word for: times as seconds, bytes as base64."""
    return value.timestamp() if isinstance(value, datetime) else base64.b64encode(value).decode()
