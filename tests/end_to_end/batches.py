"""Files of rows to be scored, and what the endpoint itself says of the same rows."""

import csv
import io
import json
from typing import Any

from release.domain import names
from tests.end_to_end.world import World

AT_ONCE = 20_000
"""Rows in one request to the endpoint."""


def golden_rows(world: World, stage: str, count: int) -> list[list[Any]]:
    """Rows in the features' order, of values of the golden rows of what is live, mixed."""
    ports = world.ports(stage)
    live = world.endpoint(stage).live
    assert live is not None
    manifest = ports.artifacts.manifest(live.release)
    golden = json.loads(ports.artifacts.golden(manifest)[1])["requests"]
    known = max(
        (json.loads(one["body"])["instances"] for one in golden if "instances" in one["body"]), key=len
    )
    features = [feature["name"] for feature in manifest.input_schema["features"]]
    return [
        [known[at * (place + 1) // (place + 2) % len(known)].get(name) for place, name in enumerate(features)]
        for at in range(count)
    ]


def as_csv(rows: list[list[Any]]) -> bytes:
    """Lines without a header; a missing value is an empty cell."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(
        [["" if cell is None else cell for cell in row] for row in rows]
    )
    return text.getvalue().encode()


def put(world: World, stage: str, name: str, content: bytes) -> str:
    """Put a file below `batch/` of the stage's bucket; returns its URI."""
    bucket = world.ports(stage).artifacts.bucket
    world.client("s3").put_object(Bucket=bucket, Key=f"batch/{name}", Body=content)
    return f"s3://{bucket}/batch/{name}"


def read(world: World, uri: str) -> list[str]:
    """The lines of a file."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return world.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read().decode().splitlines()


def asked(world: World, stage: str, content: bytes) -> list[str]:
    """The endpoint's scores of the rows of a file of CSV, as it writes them."""
    client, lines = world.client("sagemaker-runtime"), content.splitlines(keepends=True)
    found = []
    for start in range(0, len(lines), AT_ONCE):
        answer = client.invoke_endpoint(
            EndpointName=names.endpoint("delays", stage),
            Body=b"".join(lines[start : start + AT_ONCE]),
            ContentType="text/csv; header=absent",
            Accept="text/csv",
        )
        found += answer["Body"].read().decode().splitlines()
    return found
