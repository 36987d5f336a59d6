"""What a refused body is by its first bytes, when that is not what its sender called it. No rows.

It looks at refused bodies alone, so it can make no right one wrong.
"""

from collections.abc import Mapping

from model.serving.errors import RequestError, refused, with_hint

_COMPRESSED = (
    (b"\x1f\x8b", "gzip"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\0", "xz"),
    (b"\x04\x22\x4d\x18", "lz4"),
    (b"x\x01", "deflate"),
    (b"x\x9c", "deflate"),
    (b"x\xda", "deflate"),
)
_TYPED = (
    (b"PAR1", "Parquet", "application/vnd.apache.parquet"),
    (b"ARROW1", "an Arrow file", "application/vnd.apache.arrow.file"),
    (b"\xff\xff\xff\xff", "an Arrow stream", "application/vnd.apache.arrow.stream"),
    (b"\x93NUMPY", "an array in NumPy's format", "application/x-npy"),
)
_ZIP = b"PK\x03\x04"
_BINARY = ("parquet", "arrow", "npy")
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


def told_apart(error: RequestError, body: bytes, headers: Mapping[str, str]) -> RequestError:
    """`error`, or where the bytes of `body` say what it is instead, one that names that and the remedy."""
    if error.status != 400 or "content-encoding" in headers:
        return error
    for begin, name in _COMPRESSED:
        if body.startswith(begin):
            return _unannounced(name)
    if body.startswith(_ZIP):
        return with_hint(
            error, "The body looks like a zip archive, such as NumPy's savez writes: send one file of it."
        )
    for begin, name, media in _TYPED:
        if body.startswith(begin) and not headers.get("content-type", "").lower().startswith(media):
            return with_hint(error, f"The body looks like {name}: send Content-Type {media}.")
    if any(part in headers.get("content-type", "") for part in _BINARY):
        return error
    if body.startswith(_UTF_16) or body[1:2] == b"\0" or body[:1] == b"\0":
        return with_hint(error, "The body looks like UTF-16: send it in UTF-8.")
    return error


def _unannounced(name: str) -> RequestError:
    announced = f" or with Content-Encoding: {name}" if name in ("gzip", "deflate") else ""
    return refused(
        "invalid_encoding",
        f"The body is compressed ({name}), and no Content-Encoding says so. Send it uncompressed{announced}."
        " SageMaker hands on no Content-Encoding: through an endpoint a body has to be uncompressed, and a"
        ' transform job needs CompressionType "Gzip".',
    )
