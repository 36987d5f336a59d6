"""What lies among captured records may be of any form: it is told apart, or counted, and ends nothing."""

import json
from datetime import timedelta

import pytest

from monitoring.capture.selection import Selector
from monitoring.storage.capture_counts import CaptureCounts
from monitoring.storage.selected import selected
from tests.model.serving.capture.keeping_examples import sensitive
from tests.monitoring.captured import HOUR, Bucket

DEEP = b'{"eventMetadata": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"


def record(value: object) -> bytes:
    body = json.dumps({"instances": [{"size": value}]})
    side = {"observedContentType": "application/json", "data": body, "encoding": "JSON"}
    return json.dumps({"captureData": {"endpointInput": side}}).encode()


@pytest.mark.parametrize(
    "value",
    [10**400, 1e300, float("nan"), True, None, [77.5]],
    ids=["huge", "large", "none", "yes", "null", "list"],
)
def test_a_value_that_is_no_number_of_a_model_is_nobodys(value):
    asked = selected(Selector("subject", "77.5", "size"), [sensitive()], b"k" * 32)
    assert asked(record(77.5)) is True
    assert asked(record(value)) is False


def test_a_line_that_cannot_be_read_is_a_record_all_the_same():
    s3 = Bucket()
    s3.write(f"capture/e/live/{HOUR:%Y/%m/%d/%H}/a.jsonl", DEEP + b"\nhalf\n")
    counts = CaptureCounts(s3, None).kept(["s3://kept/capture"], "e", HOUR, HOUR + timedelta(hours=1))
    assert sum(counts.values()) == 2
