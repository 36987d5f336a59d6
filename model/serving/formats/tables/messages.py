"""What a worker and the child that reads its tables say to each other, over the child's stdin and stdout.

A message is its length in four bytes, then msgpack. What is large follows as plain bytes: after a question
the body, after an answer the values of each column that has any, in order.
"""

from collections.abc import Iterable, Sequence
from typing import Any, BinaryIO, Literal, TypeVar

import msgspec

TOO_MANY = "too_many_values"
_MAX_MESSAGE = 1024 * 1024 * 1024
Message = TypeVar("Message", bound=msgspec.Struct)


class Question(msgspec.Struct):
    """A body of `size` bytes in the format `media`; the values of `wanted` columns are of interest."""

    media: str
    size: int
    wanted: Sequence[str]
    max_rows: int


class Column(msgspec.Struct):
    """The description of one column; its values follow the message where `dtype` is not empty.

    A number column has values of the NumPy type `dtype`, NaN for a missing one. A text column has indexes
    into `texts`, -1 for a missing one. A null column is missing in every row. Of any other kind only the name
    of its `type` is sent.
    """

    name: str
    kind: Literal["number", "text", "null", "other"]
    type: str
    dtype: str = ""
    texts: Sequence[str] = ()


class Columns(msgspec.Struct, tag=True):
    """An answer: `count` rows."""

    count: int
    columns: Sequence[Column]


class Refusal(msgspec.Struct, tag=True):
    """An answer: why there are no columns."""

    code: str
    message: str


Answer = Columns | Refusal


def send(stream: BinaryIO, message: msgspec.Struct, values: Iterable[Any] = ()) -> None:
    """Writes a message and the buffers that follow it. Raises OSError when the other side is gone."""
    text = msgspec.msgpack.encode(message)
    stream.write(len(text).to_bytes(4, "little") + text)
    for value in values:
        stream.write(value)
    stream.flush()


def receive(stream: BinaryIO, kind: Any) -> Any:
    """The next message, of the type `kind`. Raises EOFError at the end, MsgspecError for another one."""
    size = int.from_bytes(exactly(stream, 4), "little")
    if size > _MAX_MESSAGE:
        raise EOFError
    return msgspec.msgpack.decode(exactly(stream, size), type=kind)


def exactly(stream: BinaryIO, size: int) -> bytes:
    """The next `size` bytes. Raises EOFError when there are fewer."""
    found = stream.read(size)
    if len(found) < size:
        raise EOFError
    return found
