"""The watch on an endpoint: it sees the first expected answer, and ends with its block."""

import json
import threading
from pathlib import Path

import pytest

from demo.watch import Golden, golden, watching

EXPECTED = Golden("a request", [0.25, 0.5])


class Endpoint:
    """An endpoint with scripted answers; the last one is given for ever."""

    def __init__(self, *answers: list[float]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []
        self.again = threading.Event()

    def ask(self, body: str) -> bytes:
        self.asked.append(body)
        if len(self.asked) > 1:
            self.again.set()
        scores = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return json.dumps({"predictions": scores}).encode()


def test_it_sees_when_the_expected_release_answers() -> None:
    endpoint = Endpoint([0.9, 0.9], [0.25001, 0.49999])
    with watching(endpoint.ask, EXPECTED) as watch:
        assert endpoint.again.wait(10)
    assert watch.seconds is not None
    assert endpoint.asked[0] == "a request"
    assert len(endpoint.asked) == 2, "nobody is asked after the expected answer"


def test_without_the_expected_answer_there_is_no_time() -> None:
    endpoint = Endpoint([0.9, 0.9])
    before = threading.active_count()
    with watching(endpoint.ask, EXPECTED) as watch:
        assert endpoint.again.wait(10)
    assert watch.seconds is None
    assert threading.active_count() == before


def test_a_golden_request_is_what_training_left(tmp_path: Path) -> None:
    request = {"body": "a request", "scores": [0.25, 0.5], "content_type": "application/json"}
    (tmp_path / "golden.json").write_text(json.dumps({"requests": [request]}))
    assert golden(tmp_path) == EXPECTED
    with pytest.raises(FileNotFoundError):
        golden(tmp_path / "nowhere")
