"""`./slipway quality` over fakes: what it says, and what it ends with."""

import json
import socket
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config

from monitoring.operations.truth import Sources
from monitoring.storage.answered import AnsweredTables
from monitoring.storage.quality_book import QualityBook
from monitoring.storage.truth import TruthFolder
from scripts import quality
from scripts.shared import cli
from tests.fakes.findings import Stage
from tests.monitoring.captured import Scene
from tests.release.scenes import ENDPOINT

TRUTH = "s3://kept/truth"


@pytest.fixture
def scene(monkeypatch: pytest.MonkeyPatch) -> Scene:
    """A stage whose file says where truth lies."""
    found = Scene()
    settings = found.stage.file.endpoints[ENDPOINT]
    told = settings.monitoring.quality.model_copy(update={"truth": TRUTH, "least_rows": 1})
    watched = settings.monitoring.model_copy(update={"quality": told})
    found.stage.file.endpoints[ENDPOINT] = settings.model_copy(update={"monitoring": watched})
    stage = Stage(found.stage)
    monkeypatch.setattr("monitoring.connect.room", lambda tell, name: stage.room)
    monkeypatch.setattr("monitoring.connect.truth", lambda ports, endpoint: sources(found, found.s3))
    return found


def sources(scene: Scene, truth: Any) -> Sources:
    """Rows and book in the scene's bucket, truth by a client of its own."""
    bucket = scene.stage.artifacts.bucket
    return Sources(
        AnsweredTables(scene.s3, bucket, ENDPOINT),
        TruthFolder(truth, TRUTH),
        QualityBook(scene.s3, bucket, ENDPOINT),
    )


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Any:
    """Runs the command: its exit code, stdout and stderr."""

    def one(*argv: str) -> tuple[int, str, str]:
        return cli.execute(quality.COMMAND, ["prod", *argv]), *capsys.readouterr()

    return one


@pytest.fixture
def nobody() -> Iterator[Any]:
    """A real client of an S3 that is not there: its port is taken, and nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield boto3.client(
            "s3",
            endpoint_url=f"http://127.0.0.1:{taken.getsockname()[1]}",
            region_name="eu-central-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(retries={"total_max_attempts": 1}),
        )


def test_s3_that_cannot_be_reached_is_said_in_words(
    scene: Scene, run: Any, nobody: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitoring.connect.truth", lambda ports, endpoint: sources(scene, nobody))
    code, out, err = run()
    assert (code, out) == (4, "")
    assert "error: AWS does not answer: Could not connect to the endpoint URL" in err
    assert "Check the network" in err
    assert "Traceback" not in err
    code, out, _ = run("--json")
    assert (code, json.loads(out)["error"].startswith("AWS does not answer")) == (4, True)
