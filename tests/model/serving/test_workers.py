"""Several processes on one port."""

import os
import signal
from collections.abc import Generator
from contextlib import suppress
from pathlib import Path

import pytest

from model.serving.workers import Readiness
from tests.model.serving.examples import ROW, expected, instances, write_artifact
from tests.model.serving.running import Server, ended, own_name, serving, until


def test_everyone_is_ready_only_when_all_are() -> None:
    readiness = Readiness(3)
    for index in (2, 0, 1):
        assert not readiness.everyone()
        readiness.mark(index)
    assert readiness.everyone()


@pytest.fixture
def two(artifact: Path, tmp_path: Path) -> Generator[Server]:
    """A server with two workers, ready."""
    with serving(artifact, tmp_path, SAGEMAKER_MODEL_SERVER_WORKERS="2") as running:
        yield running.wait_ready()
        _no_workers(running.children())


def _no_workers(workers: list[int]) -> None:
    for worker in workers:
        with suppress(ProcessLookupError):  # it may end by itself between being listed and this
            os.kill(worker, signal.SIGKILL)


def _gone(workers: list[int]) -> bool:
    return not any(Path(f"/proc/{worker}").exists() for worker in workers)


@pytest.mark.sandbox
def test_both_answer_and_end(two: Server) -> None:
    workers = two.children()
    assert len(workers) == 2
    for _ in range(20):
        assert two.predict(instances(ROW)) == pytest.approx([expected(ROW)], abs=1e-6)
        assert two.ping() == 200
    assert two.stop() == 0
    assert _gone(workers)
    assert two.log.count("drained") == 2


@pytest.mark.sandbox
def test_ready_only_when_both_are(two: Server) -> None:
    """Ready was logged twice before the first 200."""
    assert two.log.count("ready:") == 2


@pytest.mark.sandbox
def test_a_worker_that_dies_ends_all(two: Server) -> None:
    workers = two.children()
    name = own_name(workers[0])
    os.kill(workers[0], signal.SIGKILL)
    assert two.process.wait(10) == 1
    assert f"worker {name} ended with -9" in two.log
    assert _gone(workers)


@pytest.mark.sandbox
def test_workers_do_not_outlive_their_parent(two: Server) -> None:
    workers = two.children()
    two.stop(signal.SIGKILL)
    until(lambda: _gone(workers), "the workers end")


@pytest.mark.sandbox
def test_a_damaged_model_ends_all(tmp_path: Path) -> None:
    model = write_artifact(tmp_path)
    (model / "model.onnx").write_bytes(b"")
    done = ended(model, "serve", SAGEMAKER_MODEL_SERVER_WORKERS="2")
    assert done.returncode == 1
    assert "model.onnx has SHA-256" in done.stderr
