"""A few requests by name, bounded, and nothing of what they hold."""

import json

from model.serving.application import Request
from tests.model.serving.telemetry.examples import Counted, answer

CANARY = "canary-4711"


def request(**headers: str) -> Request:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Request("POST", "/invocations", named, CANARY.encode(), query=CANARY)


def test_the_slowest_and_the_failed_by_their_names() -> None:
    counted = Counted()
    attached = {"x_amzn_sagemaker_inference_id": "inference-1", "x_amzn_sagemaker_custom_attributes": "a=1"}
    for seconds in (0.001, 0.25, 0.002):
        counted(answer(200, 0.5), seconds, request(**attached), f"took {seconds}")
    counted(answer(400), 0.003, request(authorization=CANARY, **attached), "refused")
    counted(answer(500), 0.004, request(), "failed")
    exemplars = counted.window()["exemplars"]
    names = {"inference_id": "inference-1", "custom_attributes": "a=1"}
    assert exemplars == {
        "slowest": {"request_id": "took 0.25", "status": 200, "ms": 250.0, **names},
        "failed": [
            {"request_id": "failed", "status": 500, "ms": 4.0},
            {"request_id": "refused", "status": 400, "ms": 3.0, **names},
        ],
    }
    assert "exemplars" not in counted.window(), "they belong to one window"


def test_they_are_few_and_short_and_hold_no_payload() -> None:
    counted = Counted()
    attached = "x" * 1000 + "\x1b[31m\u2028"
    for number in range(100):
        counted(
            answer(400 if number % 2 else 503),
            request=request(x_amzn_sagemaker_custom_attributes=attached if number % 3 else "\x1b[31m\u2028é"),
        )
    counted(answer(200, 0.1234567), request=request(content_type=CANARY))
    exemplars = counted.window()["exemplars"]
    assert len(exemplars["failed"]) == 4
    assert {found["status"] for found in exemplars["failed"]} == {503}
    assert {found["custom_attributes"] for found in exemplars["failed"]} == {"x" * 128, " [31m é"}
    assert CANARY not in json.dumps(exemplars)
    assert "0.1234567" not in json.dumps(exemplars)
