"""A real server of a model that answers with numbers: served as they are, counted in parts of their range."""

import json
from pathlib import Path

import pytest

from release.judge.windows import parse_line
from tests.model.serving.examples import OTHER, ROW, SCHEMA, expected, instances, write_artifact
from tests.model.serving.running import serving, until
from tests.model.serving.telemetry.test_exposition import of, samples

pytestmark = pytest.mark.sandbox

LOW, HIGH = -3.0, 5.0
NUMBER = SCHEMA | {"output": {"name": "likely", "kind": "number", "minimum": LOW, "maximum": HIGH}}


def test_numbers_are_served_as_they_are_and_counted_in_their_range(tmp_path: Path) -> None:
    model = write_artifact(tmp_path / "model", schema=NUMBER)
    with serving(model, tmp_path, SLIPWAY_TELEMETRY_SECONDS="1") as server:
        server.wait_ready()
        assert server.predict(instances(ROW, OTHER)) == pytest.approx([expected(ROW), expected(OTHER)])
        for _ in range(4):
            server.predict(instances(ROW))
        metrics = samples(server.ask("GET", "/metrics")[2])
        until(lambda: '"range"' in server.log, "a window is printed")
        assert server.stop() == 0
        lines = [line for line in server.log.splitlines() if line.startswith('{"schema"')]
    # .1 parts of the range end at -2.2, -1.4, … : all scores lie between 0 and 1
    assert of(metrics, "slipway_score_bucket", le=repr(LOW + (HIGH - LOW) * 0.3)) == 0
    assert of(metrics, "slipway_score_bucket", le=repr(LOW + (HIGH - LOW) * 0.5)) == 5
    assert sum(sum(json.loads(line)["score"]["counts"]) for line in lines) == 5
    scored = [parse_line(line, "live/i-1") for line in lines if json.loads(line)["score"]["counts"]]
    assert {window.scores_of for window in scored} == {(LOW, HIGH)}
