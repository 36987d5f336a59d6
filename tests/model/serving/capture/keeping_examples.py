"""A service with sensitive features, and what was kept of its requests."""

import copy
import json
from typing import Any

from release.domain import names
from tests.model.serving.examples import SCHEMA

BUCKET = "kept"
CAPTURES = f"s3://{BUCKET}/capture"
FOLDER = f"{CAPTURES}/toys-dev/0123456789ab"
SECRET_KEY = names.CAPTURE_SECRET
SECRET = f"s3://{BUCKET}/{SECRET_KEY}"
VARIABLE = json.dumps({"folder": FOLDER, "secret": SECRET, "percent": 100})


def sensitive(**how: str) -> dict[str, Any]:
    """The toys' schema, some of its features sensitive."""
    schema = copy.deepcopy(SCHEMA)
    for feature in schema["features"]:
        if feature["name"] in how:
            feature["sensitive"] = how[feature["name"]]
    return schema


def records(s3: Any) -> list[dict[str, Any]]:
    """All records that are in S3, each with its object's key."""
    found = []
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix="capture/"):
        for item in page.get("Contents", []):
            body = s3.get_object(Bucket=BUCKET, Key=item["Key"])["Body"].read()
            found += [{**json.loads(line), "key": item["Key"]} for line in body.splitlines()]
    return found


def rows_of(record: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows that a record kept."""
    return json.loads(record["captureData"]["endpointInput"]["data"])["instances"]
