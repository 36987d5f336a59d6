"""What a sandbox is to its jobs: it leaves nothing of them, and interrupts one when it is asked to."""

import http.client
from pathlib import Path
from typing import Any

import pytest

from sandbox.control.home import process_alive
from sandbox.core.settings import HOST, SandboxError
from sandbox.testing import start
from tests.sandbox.job_images import Jobs
from tests.sandbox.world import World, wait_for

pytestmark = pytest.mark.sandbox


def test_nothing_is_left_of_a_job_on_this_machine(jobs: Jobs) -> None:
    before = Path("/opt/ml").exists()
    job = jobs.over(jobs.start({"data": "kept"}, InputDataConfig=[jobs.channel()]))
    seen = jobs.seen(job)
    assert Path(seen["env"]["SAGEMAKER_BASE_DIR"]).is_relative_to(jobs.world.sandbox.home / "jobs")
    assert not Path(seen["env"]["SAGEMAKER_BASE_DIR"]).exists()
    assert not Path(seen["env"]["TMPDIR"]).exists()
    assert Path("/opt/ml").exists() == before


def test_what_a_job_leaves_leads_to_nothing_else_on_this_machine(jobs: Jobs) -> None:
    """A link in the place of a folder is not followed, and a pipe in the place of a file not waited for."""
    host = jobs.world.folder / "of-the-host"
    host.mkdir()
    (host / "secret").write_text("of this machine")
    put_instead = (
        "import os, pathlib, sys; output = pathlib.Path('/opt/ml/output'); (output / 'data').rmdir();"
        "(output / 'data').symlink_to(sys.argv[1]); os.mkfifo(output / 'failure'); sys.exit(int(sys.argv[2]))"
    )

    def ended(code: int) -> dict[str, Any]:
        algorithm = jobs.request("unnamed")["AlgorithmSpecification"]
        algorithm["ContainerEntrypoint"] = ["python3", "-c", put_instead]
        algorithm["ContainerArguments"] = [str(host), str(code)]
        return jobs.over(jobs.start({}, AlgorithmSpecification=algorithm))

    job = ended(0)
    assert job["TrainingJobStatus"] == "Failed"
    assert job["FailureReason"].startswith("ClientError: Artifact upload failed:data is not read")
    assert jobs.keys(f"out/{job['TrainingJobName']}/") == []
    assert ended(3)["FailureReason"] == "AlgorithmError: , exit code: 3"


def test_the_status_tells_of_jobs(jobs: Jobs) -> None:
    name = jobs.start({"exit": "3"})
    jobs.over(name)
    told = next(one for one in jobs.world.sandbox.status()["jobs"] if one["name"] == name)
    assert told == {
        "kind": "training",
        "name": name,
        "region": "us-east-1",
        "status": "Failed",
        "failure_reason": "AlgorithmError: , exit code: 3",
    }
    connection = http.client.HTTPConnection(HOST, jobs.world.sandbox.record["port"], timeout=30)
    connection.request("GET", "/_sandbox/", headers={"Accept": "text/html"})
    assert f"{name} in us-east-1" in connection.getresponse().read().decode()
    connection.close()


def test_only_a_spot_job_that_trains_is_interrupted(jobs: Jobs) -> None:
    name = jobs.start({"wait": "9"})
    jobs.said(name, "waiting")
    with pytest.raises(SandboxError, match=f"no training job '{name}' trains on a spot instance now"):
        jobs.world.sandbox.faults("interrupt_training", job=name)
    jobs.sagemaker.stop_training_job(TrainingJobName=name)
    with pytest.raises(SandboxError, match="there is none"):
        jobs.world.sandbox.faults("interrupt_training", job="nobody")
    with pytest.raises(SandboxError, match="needs a job"):
        jobs.world.sandbox.faults("interrupt_training")


@pytest.mark.long
def test_a_program_that_ignores_sigterm_is_killed(jobs: Jobs) -> None:
    name = jobs.start({"wait": "9", "stubborn": "yes"})
    jobs.said(name, "waiting")
    jobs.sagemaker.stop_training_job(TrainingJobName=name)
    job = jobs.over(name)
    assert job["SecondaryStatus"] == "Stopped"
    assert (job["TrainingEndTime"] - job["TrainingStartTime"]).total_seconds() > 4.5
    assert "told.txt" in jobs.model(job)


@pytest.mark.long
def test_jobs_end_with_the_sandbox(tmp_path: Path) -> None:
    with start(tmp_path / "home") as sandbox:
        jobs = Jobs(World(sandbox, tmp_path))
        jobs.said(jobs.start({"wait": "9", "stubborn": "yes"}), "waiting")
        children = sandbox.status()["children"]
        assert list((sandbox.home / "jobs").iterdir())
    wait_for(lambda: not any(process_alive(pid) for pid in children), "the job to end")
    assert list((sandbox.home / "jobs").iterdir()) == []
