"""A real server of two workers: its windows and its metrics say exactly what it was asked."""

import json
import os
import subprocess
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from model.serving.telemetry.bins import score_bin
from release.domain.policy import Policy
from release.judge.cells import SPANS
from release.judge.evidence import Evidence
from release.judge.windows import Window, merge, parse_line
from sandbox.aws.cloudwatch.metrics import emf
from tests.model.serving.examples import OTHER, ROW, UNSEEN, expected, graph, instances, write_artifact
from tests.model.serving.running import ENTRY, Server, environment, serving, until
from tests.model.serving.telemetry.test_exposition import of, samples

pytestmark = pytest.mark.sandbox
STREAM = "candidate/i-0a1b"
LIMIT = 1024 * 1024
CANARY, NUMBER = "canary-4711", 0.47114711


def fragile() -> bytes:
    """The small model, which fails where the weight is 13: it looks for what is not there."""
    made = onnx.load_from_string(graph())
    for name, value in (
        ("unlucky", np.array(13, np.float32)),
        ("far", np.array(5000, np.int64)),
        ("one", np.array([1], np.float32)),
    ):
        made.graph.initializer.append(numpy_helper.from_array(value, name))
    made.graph.node[-1].output[0] = "alone"
    made.graph.node.extend(
        [
            helper.make_node("Equal", ["weight", "unlucky"], ["is_unlucky"]),
            helper.make_node("Cast", ["is_unlucky"], ["as_number"], to=onnx.TensorProto.INT64),
            helper.make_node("Mul", ["as_number", "far"], ["index"]),
            helper.make_node("Gather", ["one", "index"], ["found"]),
            helper.make_node("Reshape", ["found", "flat"], ["factor"]),
            helper.make_node("Mul", ["alone", "factor"], ["likely"]),
        ]
    )
    return made.SerializeToString()


UNLUCKY = ROW | {"weight": 13}


@dataclass
class Story:
    """What a server was asked, and what it said of it."""

    log: str = ""
    metrics: list[bytes] = field(default_factory=list)
    ids: dict[int, list[str]] = field(default_factory=dict)
    """The id of each answer, by its status."""

    @property
    def lines(self) -> list[str]:
        return [line for line in self.log.splitlines() if line.startswith('{"schema"')]

    @property
    def records(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.lines]

    def total(self, name: str) -> int:
        return sum(record[name] for record in self.records)

    def exemplars(self) -> list[dict[str, Any]]:
        found = [record.get("exemplars", {}) for record in self.records]
        return [
            one for each in found for one in [*each.get("failed", []), *filter(None, [each.get("slowest")])]
        ]


GOOD = [instances(ROW)] * 30 + [instances(ROW, OTHER, UNSEEN)] * 10
LAST = [instances(ROW)] * 3
"""Asked right before the end: only the last window can hold them."""
REFUSED = [
    (400, instances(ROW | {"size": CANARY}), {}),
    (400, f'{{"instances": [{{"{CANARY}": {NUMBER}}}]}}'.encode(), {}),
    (400, f"colour,{CANARY}\nred,{NUMBER}\n".encode(), {"content_type": "text/csv"}),
    (400, f'{{"instances": "{CANARY}"'.encode(), {}),
    (406, instances(ROW), {"accept": "image/png"}),
    (415, CANARY.encode(), {"content_type": "image/png"}),
    (413, CANARY.encode() + b"x" * LIMIT, {}),
]
SECRET = ROW | {"colour": CANARY, "size": NUMBER, "weight": NUMBER}


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    """Two workers, good, refused and failed requests, and their end."""
    told, folder = Story(), tmp_path_factory.mktemp("story")
    model = write_artifact(folder / "model", fragile())
    names = {"x_amzn_sagemaker_inference_id": "inf-1", "x_amzn_sagemaker_custom_attributes": "trace=7"}
    with serving(
        model,
        folder,
        SAGEMAKER_MODEL_SERVER_WORKERS="2",
        SAGEMAKER_MAX_PAYLOAD_IN_MB="1",
        SLIPWAY_TELEMETRY_SECONDS="1",
    ) as server:
        server.wait_ready()

        def ask(status: int, body: bytes, path: str = "/invocations", **headers: str) -> None:
            given = {"content_type": "application/json"} | headers
            answer = server.ask("POST", path, body, **given)
            assert answer[0] == status, answer
            told.ids.setdefault(status, []).append(answer[1]["x-request-id"])

        for body in GOOD:
            ask(200, body)
        ask(200, instances(SECRET), f"/invocations?{CANARY}={NUMBER}", authorization=CANARY)
        for status, body, headers in REFUSED:
            ask(status, body, **headers, **names)
        ask(500, instances(UNLUCKY), **names)
        ask(500, instances(UNLUCKY | {"colour": CANARY}), x_request_id="of-the-caller")
        until(lambda: server.log.count('"schema"') >= 4, "two workers print")
        told.metrics = [server.ask("GET", "/metrics")[2] for _ in range(6)]
        for body in LAST:
            ask(200, body)
        assert server.stop() == 0
        told.log = server.log
    return told


ASKED = {"200": 44, "400": 4, "406": 1, "413": 1, "415": 1, "500": 2}


def test_the_merged_windows_are_what_was_asked(story: Story) -> None:
    assert sum(map(Counter, (record["statuses"] for record in story.records)), Counter()) == ASKED
    counts = {name: story.total(name) for name in ("requests", "errors", "refused", "invalid", "rows")}
    assert counts == {"requests": 53, "errors": 2, "refused": 7, "invalid": 0, "rows": 31 + 3 * 10 + 3}
    assert story.total("missing") == 2 * 10


def test_the_judge_reads_every_line(story: Story) -> None:
    evidence = Evidence(Policy())
    windows = [evidence.add_line(line, STREAM) for line in story.lines]
    assert evidence.set_aside == {}
    read = [window for window in windows if window is not None]
    assert {window.variant for window in read} == {"candidate"}
    merged = read[0]
    for window in read[1:]:
        merged = merge(merged, window)
    groups = _groups(merged)
    assert groups["requests"] == [51, 2]
    assert sum(groups["latency"]) == 44
    assert sum(groups["clumps"]) >= 53 - 2 * 25
    assert 1 <= groups["clumps"][1] <= 2, "one clump or two: the workers count for themselves"
    assert groups["invalid"] == [51, 0]
    score = groups["score"]
    assert sum(score) == 44
    assert score[score_bin(expected(ROW))] >= 30


def _groups(window: Window) -> dict[str, list[int]]:
    dense = window.dense().astype(int).tolist()
    return {name: dense[span.start : span.stop] for name, span in SPANS.items()}


def test_windows_follow_each_other_to_the_end(story: Story) -> None:
    workers: dict[str, list[Window]] = {}
    for line in story.lines:
        window = parse_line(line, STREAM)
        workers.setdefault(window.worker, []).append(window)
    assert len(workers) == 2
    for name, windows in workers.items():
        assert [window.id for window in windows] == [
            f"{name.removeprefix('i-0a1b/')}-{number}" for number in range(len(windows))
        ]
        for before, after in pairwise(windows):
            assert before.end == after.start
            assert before.end % 1 == 0
    ends = [windows[-1].end for windows in workers.values()]
    assert max(ends) - min(ends) < 5, "the last ones, cut by the end"
    assert [[window.last for window in windows] for windows in workers.values()] == [
        [False] * (len(windows) - 1) + [True] for windows in workers.values()
    ]
    assert len({record["id"] for record in story.records}) == len(story.records)


def test_cloudwatch_gets_the_same_numbers(story: Story) -> None:
    points = [point for line in story.lines for point in emf.points(line)]
    sums: Counter[str] = Counter()
    for point in points:
        assert point.key.namespace == "Slipway/Endpoint"
        assert point.key.dimensions == (("Service", "toys"),)
        sums[point.key.name] += int(point.values.total)
    assert (sums["requests"], sums["errors"], sums["refused"], sums["rows"]) == (53, 2, 7, 64)


def test_any_worker_tells_prometheus_of_all(story: Story) -> None:
    for text in story.metrics:
        found = samples(text)
        told = {
            dict(labels)["status"]: value
            for (name, labels), value in found.items()
            if name == "slipway_requests_total"
            and dict(labels)["path"] in ("invocations", "unread")
            and value
        }
        assert told == ASKED | {"200": 41}
        assert of(found, "slipway_request_seconds_count") == 41
        assert of(found, "slipway_rows_total") == 61
        assert of(found, "slipway_workers") == 2
        assert of(found, "slipway_in_flight") == 0
        assert of(found, "slipway_connections") >= 1, "this one"
        for worker in "01":
            assert of(found, "slipway_worker_resident_bytes", worker=worker) > 10_000_000
            assert of(found, "slipway_worker_cpu_seconds_total", worker=worker) > 0
        [model] = [dict(labels) for (name, labels) in found if name == "slipway_model_info"]
        assert model["name"] == "toys"
        assert len(model["sha256"]) == 64


def test_failed_requests_can_be_found_by_their_ids(story: Story) -> None:
    exemplars = {one["request_id"]: one for one in story.exemplars()}
    assert story.ids[500][1] == "of-the-caller"
    for request_id in story.ids[500]:
        assert exemplars[request_id]["status"] == 500
        assert any("ERROR" in line and request_id in line for line in story.log.splitlines())
    first = exemplars[story.ids[500][0]]
    assert (first["inference_id"], first["custom_attributes"]) == ("inf-1", "trace=7")
    assert len({request_id for ids in story.ids.values() for request_id in ids}) == 53


def test_nothing_of_a_request_is_in_what_is_printed(story: Story) -> None:
    assert CANARY not in story.log
    assert str(NUMBER)[:6] not in story.log
    assert CANARY.encode() not in b"".join(story.metrics)


@contextmanager
def _stdout(how: str) -> Generator[int]:
    """A pipe's end for writing: `full` with nobody who reads, or `broken`."""
    read, write = os.pipe()
    os.set_blocking(write, False)
    with suppress(BlockingIOError):
        while how == "full":
            os.write(write, b"x" * 4096)
    os.set_blocking(write, True)
    if how == "broken":
        os.close(read)
    yield write
    for end in (write, *([read] if how == "full" else [])):
        os.close(end)


@pytest.mark.parametrize(("how", "workers"), [("full", "2"), ("broken", "1"), ("closed", "2")])
def test_a_stdout_that_takes_nothing_stops_nobody(
    artifact: Path, tmp_path: Path, how: str, workers: str
) -> None:
    log = tmp_path / "server.log"
    more = {"SAGEMAKER_MODEL_SERVER_WORKERS": workers, "SLIPWAY_TELEMETRY_SECONDS": "1"}
    command = ["sh", "-c", f"exec {ENTRY} serve {'1>&-' if how == 'closed' else ''}"]
    with _stdout(how) as stdout, log.open("wb") as errors:
        process = subprocess.Popen(command, env=environment(artifact, **more), stdout=stdout, stderr=errors)
        try:
            server = Server(process, log).wait_ready()
            until(lambda: _dropped(server), "a window is lost")
            assert server.predict(instances(ROW)) == pytest.approx([expected(ROW)], abs=1e-6)
            assert server.stop() == 0
        finally:
            process.kill()
            process.wait()
    assert "Traceback" not in server.log


def _dropped(server: Server) -> float:
    return of(samples(server.ask("GET", "/metrics")[2]), "slipway_windows_dropped_total")
