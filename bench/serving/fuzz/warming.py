"""The largest right bodies, before a run: what a worker keeps of them it has from the beginning.

ONNX Runtime keeps the memory of its largest run, and Python its arenas; both are bounded by the largest body.
Without this the rare large ones of a run would look like a slow leak.
"""

from random import Random

from bench.serving.fuzz.draft import INVOCATIONS, value
from bench.serving.fuzz.json_text import dumps
from bench.serving.fuzz.oracle import LONGEST
from bench.serving.raw_http import BadAnswer, Wire, post
from bench.serving.running import ServerFailed
from model.serving.models.schema import Schema

LARGEST = 6 * 1024 * 1024
_DIFFERENT = 200
_ROOM = 0.95


def warm(port: int, schema: Schema) -> None:
    """Sends a body of nearly LARGEST bytes in JSON, JSON lines and CSV. Raises ServerFailed if not scored."""
    chance = Random(0)  # noqa: S311 - repeatable, and no secret
    rows = [{feature.name: value(chance, feature) for feature in schema.features} for _ in range(_DIFFERENT)]
    for feature in schema.features:
        if not feature.nullable and feature.kind == "category":
            for row in rows:
                row[feature.name] = row[feature.name] or "x"  # in CSV an empty text is a missing one
    lines = [dumps(row) for row in rows]
    some = lines * max(int(LARGEST * _ROOM / (sum(map(len, lines)) + len(lines))), 1)
    cells = [",".join(_cell(row[name]) for name in schema.names).encode() for row in rows]
    more = cells * max(int(LARGEST * _ROOM / (sum(map(len, cells)) + len(cells))), 1)
    wire = Wire(port, 3 * LONGEST)
    try:
        _send(wire, "application/json", b'{"instances":[' + b",".join(some) + b"]}")
        _send(wire, "application/jsonlines", b"\n".join(some))
        _send(wire, "text/csv", b"\n".join([",".join(schema.names).encode(), *more]))
    finally:
        wire.close()


def _cell(given: object) -> str:
    text = "" if given is None else str(given)
    return '"' + text.replace('"', '""') + '"' if any(letter in text for letter in ',"\n') else text


def _send(wire: Wire, media: str, body: bytes) -> None:
    try:
        wire.send(post(INVOCATIONS, body, {"Content-Type": media}))
        answer = wire.receive()
    except (OSError, BadAnswer) as error:
        raise ServerFailed(f"a large right body in {media}: {error}") from error
    if answer is None or answer.status != 200:
        raise ServerFailed(f"a large right body in {media}: {answer.body[:300]!r}" if answer else "no answer")
