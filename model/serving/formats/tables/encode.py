"""Scores as a Parquet or Arrow table. Our own values: no child is needed."""

from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any

from model.serving.formats.media import Format


def table(columns: Mapping[str, Sequence[float | None]], media: Format) -> bytes:
    """A table of these columns, float32, null for None and what is not finite."""
    # here: few answers are tables, and a worker without them needs no arro3
    import arro3.core as arrow
    import arro3.io

    write: dict[Format, Any] = {
        Format.PARQUET: arro3.io.write_parquet,
        Format.ARROW_STREAM: arro3.io.write_ipc_stream,
        Format.ARROW_FILE: arro3.io.write_ipc,
    }
    finite = {
        name: [None if score is None or score - score != 0 else score for score in scores]
        for name, scores in columns.items()
    }
    arrays: dict[str, Any] = {
        name: arrow.Array(scores, arrow.DataType.float32()) for name, scores in finite.items()
    }
    body = BytesIO()
    write[media](arrow.Table(arrays), body)
    return body.getvalue()
