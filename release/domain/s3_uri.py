"""The URI of something in S3, taken apart: `#`, `?` and `%` are part of a key as they stand. Pure."""


def parts(uri: str) -> tuple[str, str]:
    """Bucket and key of an `s3://` URI; the key of a whole bucket is empty."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return bucket, key
