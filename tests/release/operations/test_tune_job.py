"""A search by a tuning job, decided from values: what is asked for, what the best left, how it ends."""

from dataclasses import replace

import pytest

from release.domain import names, tuning
from release.domain.stage import TrainingSettings
from release.domain.training import Status, TrainingFailed
from release.domain.tuning import Tuning
from release.operations.tune_job import Found, tune
from tests.release.operations.test_train_job import Place

RANGES = {"continuous_parameter_ranges": [{"name": "C", "min_value": "0.1", "max_value": "1"}]}
ASKED = Tuning(RANGES, "validation_auc", trials=2, parallel=2, seed=7)


@pytest.fixture
def place(tmp_path) -> Place:
    return Place(tmp_path, TrainingSettings())


def search(place: Place, asked: Tuning = ASKED, **changes: object) -> Found:
    return tune(place.site, replace(place.wanted, **changes), asked, place.folder, place.told.append)


def test_the_best_of_its_training_jobs_is_fetched_and_all_are_told_of(place):
    found = search(place)
    [name] = place.searches.requests
    assert found.best.name == f"{name}-002"
    assert [(one.parameters, one.value) for one in found.tried] == [({"C": "1"}, 0.1), ({"C": "2"}, 0.2)]
    assert (place.folder / "model.tar.gz").read_bytes() == b"model"
    config = place.searches.requests[name]["hyper_parameter_tuning_job_config"]
    assert (config["strategy"], config["random_seed"]) == ("Random", 7)
    assert config["hyper_parameter_tuning_job_objective"]["metric_name"] == "validation_auc"
    definition = place.searches.requests[name]["training_job_definition"]
    assert definition["static_hyper_parameters"] == {"model": "boosting"}
    assert "checkpoint_config" not in definition, "jobs side by side have no checkpoints in common"


def test_the_same_search_again_is_the_one_that_there_is(place):
    search(place)
    search(place)
    assert len(place.searches.requests) == 1
    search(place, tuning.Tuning(RANGES, "validation_auc", trials=3, parallel=2, seed=7))
    assert len(place.searches.requests) == 2


def test_once_more_from_the_beginning_goes_on_with_no_checkpoint_of_the_first(place):
    search(place, spot=True)
    search(place, spot=True, again=True)
    definitions = [request["training_job_definition"] for request in place.searches.requests.values()]
    first, second = [each["checkpoint_config"]["s3_uri"] for each in definitions]
    assert second == f"{first}-2"
    search(place)
    search(place, again=True)
    assert len(place.searches.requests) == 4


def test_one_that_was_stopped_goes_on_with_its_checkpoints(place):
    place.searches.status = Status.STOPPED
    for _ in range(2):
        with pytest.raises(TrainingFailed, match="was stopped") as failed:
            search(place, spot=True)
    assert failed.value.next_step == "The same command starts it anew."
    first, second = (each["training_job_definition"] for each in place.searches.requests.values())
    assert first["checkpoint_config"] == second["checkpoint_config"]


def test_one_that_is_completed_without_a_measure_is_searched_once_more_by_again_alone(place):
    place.searches.measured = False
    for _ in range(2):
        with pytest.raises(TrainingFailed, match="none of its training jobs measured anything") as failed:
            search(place)
    assert len(place.searches.requests) == 1
    assert failed.value.next_step.endswith("the same command with --again")
    place.searches.measured = True
    assert search(place, again=True).best.name.endswith("-2-002")


def test_one_that_failed_says_so_and_is_started_anew(place):
    place.searches.status = Status.FAILED
    for _ in range(2):
        with pytest.raises(TrainingFailed, match="failed: no metric"):
            search(place)
    [first, again] = place.searches.requests
    assert again == f"{first}-2"


def test_an_interrupt_stops_it(place):
    looks = []

    def interrupted(name: str) -> None:
        looks.append(name)
        if len(looks) == 3:
            raise KeyboardInterrupt

    place.jobs.looked = interrupted
    with pytest.raises(KeyboardInterrupt):
        search(place)
    assert place.searches.stopped == list(place.searches.requests)
    assert "was told to stop" in place.words


@pytest.mark.parametrize("service", ["delays", "x" * 80, "_odd name_"])
def test_its_name_is_one_that_sagemaker_takes(service):
    assert len(names.tuning_job(service, "production12", {"a": 1}, 99)) <= 32
