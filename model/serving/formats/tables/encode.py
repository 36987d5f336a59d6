"""Scores as a Parquet or Arrow table of one column. Our own values: no child is needed."""

from collections.abc import Sequence
from io import BytesIO
from typing import Any

from model.serving.formats.media import Format


def table(scores: Sequence[float | None], name: str, media: Format) -> bytes:
    """A table whose only column `name` holds `scores`, float32, null for None and what is not finite."""
    # here: few answers are tables, and a worker without them needs no arro3
    import arro3.core as arrow
    import arro3.io

    write: dict[Format, Any] = {
        Format.PARQUET: arro3.io.write_parquet,
        Format.ARROW_STREAM: arro3.io.write_ipc_stream,
        Format.ARROW_FILE: arro3.io.write_ipc,
    }
    finite = [None if score is None or score - score != 0 else score for score in scores]
    body = BytesIO()
    write[media](arrow.Table({name: arrow.Array(finite, arrow.DataType.float32())}), body)
    return body.getvalue()
