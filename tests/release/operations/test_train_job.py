"""A training on SageMaker, decided from values: what is asked for, when a job is new, what a failure says."""

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from release.domain import names, training
from release.domain.data_version import DataVersion
from release.domain.errors import ServiceError, SlipwayError, UsageError
from release.domain.stage import TrainingSettings
from release.domain.training import Channel, Job, Order, Status, TrainingFailed
from release.jobs import Code, Site
from release.operations.train_job import Wanted, train
from release.ports import Event
from tests.fakes.training import DONE, FakeTrainingImages, FakeTrainingJobs, FakeTuningJobs
from tests.fakes.world import FakeStage

ROWS = b"rows"
DATA = DataVersion("rows-1", hashlib.sha256(ROWS).hexdigest(), "0" * 32, len(ROWS))
FAILED = ((Status.FAILED, "Failed"),)
SENTENCES = "The column late is gone.\nNothing was trained.\nCorrect load of the service."


class Place:
    """A stage in memory that trains, and what was told of it."""

    def __init__(self, tmp_path: Path, settings: TrainingSettings | None) -> None:
        self.stage = FakeStage("dev", {})
        self.settings, self.jobs, self.images = settings, FakeTrainingJobs(), FakeTrainingImages()
        self.searches = FakeTuningJobs(self.jobs)
        self.told: list[Event] = []
        self.folder = tmp_path / "left"
        rows = tmp_path / "data.parquet"
        rows.write_bytes(ROWS)
        code = Code(tmp_path, "model/service")
        self.wanted = Wanted("delays", code, {"model": "boosting"}, {"auc": "auc=(.*)"}, DATA, rows, {})

    def site(self) -> Site:
        """The stage as it is now."""
        ports = self.stage.ports()
        ports = replace(ports, settings=ports.settings.model_copy(update={"training": self.settings}))
        return Site(ports, self.jobs, self.searches, self.images)

    def train(self, **changes: object) -> Job:
        """A training of what is wanted, with these changes."""
        return train(self.site, replace(self.wanted, **changes), self.folder, self.told.append)

    @property
    def words(self) -> str:
        """All that was told."""
        return "\n".join(event.text for event in self.told)


@pytest.fixture
def place(tmp_path) -> Place:
    return Place(tmp_path, TrainingSettings())


def test_what_a_job_needs_is_in_the_stage_by_content_and_what_it_left_is_here(place):
    job = place.train()
    assert (place.folder / "model.tar.gz").read_bytes() == b"model"
    (request,) = place.jobs.requests.values()
    [channel] = request["input_data_config"]
    assert (
        channel["data_source"]["s3_data_source"]["s3_uri"] == f"s3://slipway-dev/data/files/md5/00/{'0' * 30}"
    )
    assert place.stage.data.files == {DATA.md5: ROWS}
    assert request["algorithm_specification"]["training_image"].endswith("@sha256:" + "e" * 64)
    assert place.stage.registry.images == {"sha256:" + "e" * 64}
    assert request["role_arn"].endswith(":role/slipway-dev-us-east-1-training")
    assert f"a line of {job.name}" in place.words
    assert "metric" not in place.words, "what only SageMaker's patterns read"


def test_the_same_again_fetches_what_the_first_job_left_and_again_starts_another(place):
    first = place.train()
    assert place.train().name == first.name
    assert len(place.jobs.requests) == 1
    again = place.train(again=True)
    assert again.name == f"{first.name}-2"
    kept = [request["checkpoint_config"]["s3_uri"] for request in place.jobs.requests.values()]
    assert kept[1] == f"{kept[0]}-2", "it goes on with nothing that the first one kept"
    place.images.changed()
    assert place.train().name not in {first.name, f"{first.name}-2"}, "other code is another training"


def test_a_job_that_runs_is_watched_and_one_that_failed_is_started_anew(place):
    place.jobs.life = (*DONE[:2], *DONE)
    place.jobs.looked = lambda name: None
    first = place.train()
    place.jobs.life = FAILED
    with pytest.raises(TrainingFailed):
        place.train(minutes=5)
    place.jobs.life = DONE
    assert place.train(minutes=5).name.endswith("-2")
    assert place.jobs.stopped == []
    assert first.name in place.jobs.requests


def test_an_interrupt_stops_the_job_and_says_so(place):
    looks = []

    def interrupted(name: str) -> None:
        looks.append(name)
        if len(looks) == 3:
            raise KeyboardInterrupt

    place.jobs.looked = interrupted
    with pytest.raises(KeyboardInterrupt):
        place.train()
    assert place.jobs.stopped == list(place.jobs.requests)
    assert "was told to stop" in place.words


def test_a_stage_that_says_nothing_of_training_is_left_alone_and_told_what_to_write(place):
    place.settings = None
    with pytest.raises(UsageError) as refused:
        place.train()
    assert "slipway:training:" in refused.value.next_step
    assert place.stage.data.files == {}


def test_a_stage_without_the_role_is_brought_into_being_first(place):
    place.stage.roles = False
    with pytest.raises(ServiceError, match="still has no bucket, registry or role"):
        place.train()
    assert place.jobs.requests == {}


def test_outside_of_the_sandbox_an_image_without_a_base_is_refused_before_it_is_built(place):
    site = place.site
    place.site = lambda: replace(site(), ports=replace(site().ports, loopback=False))
    with pytest.raises(UsageError, match="names no base") as refused:
        place.train()
    assert "slipway:image:" in refused.value.next_step
    assert place.jobs.requests == {}


def test_a_job_that_left_nothing_is_no_model(place):
    place.jobs.left = {}
    with pytest.raises(TrainingFailed, match="left nothing") as failed:
        place.train()
    assert "--again" in failed.value.next_step


def job(failure: str = "", status: Status = Status.FAILED, secondary: str = "Failed") -> Job:
    return Job("delays-dev-0123", "arn", status, secondary, failure)


def test_a_failure_says_sagemakers_reason_and_under_it_the_containers_own():
    error = training.failed(job(f"AlgorithmError: {SENTENCES}, exit code: 1"))
    assert error.cause == (
        "The training job delays-dev-0123 failed (AlgorithmError, exit code 1): The column late is gone."
    )
    assert error.consequence == "Nothing was trained."
    assert error.next_step.startswith("Correct load of the service. Its log: /aws/sagemaker/TrainingJobs")
    assert error.exit_code == 1


@pytest.mark.parametrize(
    "failure",
    [
        "ClientError: Cannot pull algorithm container.",
        "AlgorithmError: , exit code: 2",
        "AlgorithmError: x, exit code: 1",
    ],
)
def test_a_failure_without_our_words_is_told_as_sagemaker_says_it(failure):
    error = training.failed(job(failure))
    kind = failure.partition(",")[0].removesuffix(": ").rstrip(":")
    assert kind.partition(":")[0] in error.cause
    assert "streams delays-dev-0123/" in error.next_step


def test_a_job_over_its_limit_says_which_option_gives_it_more():
    error = training.failed(job("", Status.STOPPED, "MaxRuntimeExceeded"))
    assert "--max-minutes" in error.next_step
    assert "--max-minutes" not in training.failed(job("", Status.STOPPED, "Stopped")).next_step


def order(**changes: object) -> Order:
    channels = (Channel("data", "s3://b/data"),)
    found = Order("delays", "r@sha256:1", {"model": "boosting"}, channels, {}, 30)
    return replace(found, **changes)


def test_a_spot_job_may_wait_as_long_again_and_whoever_learns_the_same_goes_on_from_its_checkpoints():
    settings = FakeStage("dev", {}).ports().settings

    def of(asked: Order) -> training.Request:
        return training.request(settings, TrainingSettings(), asked, "b")

    plain, spot = of(order()), of(order(spot=True))
    assert plain["stopping_condition"] == {"max_runtime_in_seconds": 1800}
    assert spot["stopping_condition"]["max_wait_time_in_seconds"] == 3600
    assert spot["enable_managed_spot_training"] is True
    kept = plain["checkpoint_config"]
    assert spot["checkpoint_config"] == of(order(minutes=5))["checkpoint_config"] == kept
    for other in (order(image="r@sha256:2"), order(hyperparameters={}), order(channels=())):
        assert of(other)["checkpoint_config"] != kept


@pytest.mark.parametrize("service", ["delays", "wooden_toys", "x" * 80, "_odd name_"])
def test_a_jobs_name_is_one_that_sagemaker_takes(service):
    name = names.training_job(service, "production12", {"a": 1}, 12)
    assert len(name) <= 63
    assert all(part.isalnum() for part in name.split("-")), name


def test_what_fails_is_an_error_of_ours():
    assert issubclass(TrainingFailed, SlipwayError)
