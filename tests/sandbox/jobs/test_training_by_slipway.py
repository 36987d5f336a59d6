"""Slipway as a client of the sandbox's training jobs: by the SDK, with the policy of a stage's role."""

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from infra import policies
from infra.arns import Place
from release.adapters.artifacts import ArtifactStore
from release.adapters.aws import StageAws
from release.adapters.data_store import DataStore
from release.adapters.training_jobs import TrainingJobs
from release.adapters.tuning_jobs import TuningJobs
from release.domain import names
from release.domain.data_version import DataVersion
from release.domain.stage import TrainingSettings
from release.domain.training import TrainingFailed
from release.domain.tuning import Tuning
from release.jobs import Code, Site
from release.operations.train_job import Wanted, train
from release.operations.tune_job import tune
from release.ports import Event
from tests.fakes.store import FakeRegistry
from tests.fakes.training import FakeTrainingImage, FakeTrainingImages
from tests.fakes.world import FakeClock, FakeStage
from tests.sandbox.job_images import Jobs

pytestmark = pytest.mark.sandbox
ROWS = b"rows"


class SandboxAws(StageAws):
    """A stage's AWS with the sandbox's clients."""

    def client(self, service: str) -> Any:
        return self._sandbox.client(service)  # ty: ignore[missing-attribute]

    @property
    def session(self) -> Any:
        return self._sandbox.session()  # ty: ignore[missing-attribute]


@pytest.fixture(scope="module")
def site(jobs: Jobs) -> Site:
    """A stage that has what a training needs: its bucket, and the role with the stage's own policy."""
    stage = FakeStage("dev", {})
    settings = stage.ports().settings.model_copy(update={"training": TrainingSettings()})
    aws = SandboxAws(settings.stage, settings.account, settings.region)
    object.__setattr__(aws, "_sandbox", jobs.world.sandbox)
    artifacts, place = ArtifactStore(aws), Place(settings.account, settings.region)
    aws.client("s3").create_bucket(Bucket=artifacts.bucket)
    role, iam = names.training_role(settings.stage, settings.region), aws.client("iam")
    iam.create_role(RoleName=role, AssumeRolePolicyDocument=policies.sagemaker_trust(place))
    repository, _, digest = jobs.image.partition("@")
    kms = aws.client("kms")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    kms.create_alias(AliasName=names.key_alias(settings.stage), TargetKeyId=key)
    policy = policies.training(place, artifacts.bucket, repository.rpartition("/")[2], key)
    iam.put_role_policy(RoleName=role, PolicyName="training", PolicyDocument=policy)
    ports = replace(
        stage.ports(),
        settings=settings,
        artifacts=artifacts,
        data=DataStore(aws, artifacts),
        registry=FakeRegistry({digest}, repository),
    )
    return Site(ports, TrainingJobs(aws), TuningJobs(aws), FakeTrainingImages(FakeTrainingImage(digest)))


@pytest.fixture
def wanted(tmp_path: Path, jobs: Jobs, monkeypatch) -> Wanted:
    """A training by the program of the image, whose data is one file."""
    for name, value in jobs.world.sandbox.env.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "data.parquet").write_bytes(ROWS)
    md5 = hashlib.md5(ROWS, usedforsecurity=False).hexdigest()
    data = DataVersion("rows", hashlib.sha256(ROWS).hexdigest(), md5, len(ROWS))
    code = Code(tmp_path, "model/service")
    return Wanted("toys", code, {"data": "kept"}, {}, data, tmp_path / "data.parquet", {})


def test_a_job_is_started_by_the_sdk_watched_and_what_it_left_is_here(site, wanted, jobs, tmp_path):
    told: list[Event] = []
    job = train(lambda: site, wanted, tmp_path / "left", told.append)
    assert (tmp_path / "left" / "more.txt").read_text() == "kept"
    words = [event.text for event in told]
    assert "the last words" in words, "the log of the job is told"
    assert f"{job.name}: Completed" in words
    described = jobs.describe(job.name)
    assert described["TrainingJobArn"] == job.arn
    assert list(jobs.seen(described)["data"].values()) == [ROWS.decode()]
    again = train(lambda: site, wanted, tmp_path / "again", told.append)
    assert (again.name, (tmp_path / "again" / "more.txt").exists()) == (job.name, True)


def test_a_job_that_fails_tells_what_its_container_left_and_where_its_log_is(site, wanted, tmp_path):
    said = {"failure": "The rows are gone.", "exit": "1"}
    with pytest.raises(TrainingFailed) as failed:
        train(lambda: site, replace(wanted, hyperparameters=said), tmp_path / "left", lambda event: None)
    assert failed.value.cause.endswith("failed (AlgorithmError, exit code 1): The rows are gone.")
    assert "Its log: /aws/sagemaker/TrainingJobs" in failed.value.next_step


def test_an_interrupt_really_stops_the_job(site, wanted, jobs, tmp_path):
    class Interrupted(FakeClock):
        def sleep(self, seconds: float) -> None:
            raise KeyboardInterrupt

    told: list[Event] = []
    impatient = replace(site, ports=replace(site.ports, clock=Interrupted()))
    waits = replace(wanted, hyperparameters={"wait": "9"})
    with pytest.raises(KeyboardInterrupt):
        train(lambda: impatient, waits, tmp_path / "left", told.append)
    [name] = [event.text.split()[3] for event in told if event.text.endswith("was started")]
    assert jobs.over(name)["TrainingJobStatus"] == "Stopped"


def test_a_search_is_a_tuning_job_and_what_its_best_job_left_is_here(site, wanted, jobs, tmp_path):
    ranges = {"integer_parameter_ranges": [{"name": "x", "min_value": "1", "max_value": "9"}]}
    measured = replace(wanted, metrics={"validation_auc": "accuracy=([0-9.]+)"})
    asked = Tuning(ranges, "validation_auc", trials=2, parallel=2, seed=3)
    found = tune(lambda: site, measured, asked, tmp_path / "left", lambda event: None)
    assert (tmp_path / "left" / "more.txt").read_text() == "kept"
    assert [one.value for one in found.tried] == [0.25, 0.25]
    assert found.best.name == found.tried[0].name, "of equal ones the first"
    seen = jobs.seen(jobs.describe(found.best.name))["config"]["hyperparameters"]
    assert (seen["x"], seen["data"]) == (found.tried[0].parameters["x"], "kept")
