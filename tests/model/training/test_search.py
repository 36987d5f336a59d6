"""The search for parameters: the same seed finds the same, and an interruption costs one trial."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from model import artifact
from model.errors import ModelError
from model.skeletons.binary.service import SERVICE, Skeleton
from model.space import Choice, Real, Whole, parameters, value
from model.training.errors import SearchError
from model.training.job import entry
from model.training.job.collect import order
from model.training.job.hyperparameters import asked
from model.training.job.place import Place
from model.training.options import TrainOptions
from model.training.search import Search, Trial, best
from model.training.train import train
from model.training.tune import tune

pytestmark = [pytest.mark.sandbox, pytest.mark.xdist_group("training")]
SEARCH = Search(4, seed=1)
C = "model__C"


def quiet(_text: str) -> None:
    """Nobody listens."""


def options(folder: Path, **more: object) -> TrainOptions:
    asked = TrainOptions("logistic", out=folder / "model", build=folder, trackers=())
    return replace(asked, **more)


@pytest.fixture(scope="module")
def found(tmp_path_factory) -> Path:
    """What a search left, and the model of its best trial."""
    folder = tmp_path_factory.mktemp("found")
    assert tune(SERVICE, options(folder), SEARCH, quiet).passed
    return folder / "model"


def model(folder: Path) -> bytes:
    return (folder / "model.tar.gz").read_bytes()


def chosen(folder: Path) -> dict[str, float]:
    return json.loads(artifact.read(model(folder))[artifact.ABOUT])["parameters"]


def test_the_same_seed_finds_the_same_and_train_with_it_makes_the_same_bytes(found, tmp_path):
    told: list[str] = []
    tune(SERVICE, options(tmp_path), SEARCH, told.append)
    assert model(tmp_path / "model") == model(found)
    trials = [text for text in told if text.startswith("trial ")]
    assert len(trials) == SEARCH.trials
    assert f"{C}=1" in trials[0], "the first is what the service builds"
    again = options(tmp_path, out=tmp_path / "again", parameters=chosen(found))
    train(SERVICE, again, quiet)
    assert model(tmp_path / "again") == model(found)


@pytest.mark.long
def test_other_seeds_try_other_values(found, tmp_path):
    told: list[str] = []
    tune(SERVICE, options(tmp_path), Search(2, seed=2), told.append)
    mine = [text.partition(" with ")[2] for text in told if text.startswith("trial 2")]
    tune(SERVICE, options(tmp_path), Search(2, seed=1), told.append)
    assert mine != [text.partition(" with ")[2] for text in told if text.startswith("trial 2")][1:]


class Killed(Exception):
    """As if the process were gone."""


@pytest.mark.parametrize("after", [1, pytest.param(3, marks=pytest.mark.long)])
def test_a_search_that_is_interrupted_goes_on_after_its_last_trial(found, tmp_path, after):
    def until(text: str) -> None:
        if text.startswith(f"trial {after} "):
            raise Killed

    with pytest.raises(Killed):
        tune(SERVICE, options(tmp_path), SEARCH, until)
    told: list[str] = []
    tune(SERVICE, options(tmp_path), SEARCH, told.append)
    fresh = [text for text in told if text.startswith("trial ")]
    assert [text.split()[1] for text in fresh] == [str(n) for n in range(after + 1, SEARCH.trials + 1)]
    assert model(tmp_path / "model") == model(found)


@pytest.mark.long
def test_a_longer_search_begins_with_the_trials_of_the_shorter(found, tmp_path):
    tune(SERVICE, options(tmp_path), SEARCH, quiet)
    told: list[str] = []
    tune(SERVICE, options(tmp_path), replace(SEARCH, trials=5), told.append)
    assert [text.split()[1] for text in told if text.startswith("trial ")] == ["5"]


class _Moved(Skeleton):
    """Measures on other rows beside a champion."""

    def split(self, options, champion):
        found = super().split(options, champion)
        return found if champion is None else replace(found, validation=found.test)


def test_trials_that_were_measured_on_other_rows_are_not_taken_for_those_beside_a_champion(found, tmp_path):
    service, asked, told = _Moved(), Search(2, seed=1), list[str]()
    tune(service, options(tmp_path), asked, quiet)
    tune(service, options(tmp_path, champion=found / "model.tar.gz"), asked, told.append)
    assert len([text for text in told if text.startswith("trial ")]) == asked.trials


class _Two(Skeleton):
    """Has two parameters to try."""

    def space(self, model):
        return {**super().space(model), "model__fit_intercept": Choice((True, False))}


def test_a_parameter_that_is_set_is_not_searched(tmp_path):
    told: list[str] = []
    for fixed in (0.5, 2.0):
        told.clear()
        tune(_Two(), options(tmp_path, parameters={C: fixed}), Search(2, seed=1), told.append)
        trials = [text.partition(" with ")[2] for text in told if text.startswith("trial ")]
        assert [text.split(", ")[0] for text in trials] == [f"{C}={fixed:g}"] * 2
        assert chosen(tmp_path / "model")[C] == fixed
        assert "model__fit_intercept" in chosen(tmp_path / "model")


def test_a_search_that_came_to_its_end_keeps_its_trials_alone(found):
    kept = {path.name.partition("-")[0] for path in (found.parent / "tuning").iterdir()}
    assert kept == {"trials"}


def test_a_job_searches_too_and_makes_the_same_bytes(found, tmp_path):
    made = order(SERVICE, options(tmp_path), quiet, SEARCH)
    assert asked(SERVICE, made.asked.texts()) == made.asked
    ml = tmp_path / "ml"
    (ml / "input/data/data").mkdir(parents=True)
    (ml / "input/data/data/rows").write_bytes(made.data.content)
    (ml / "input/config").mkdir()
    (ml / "input/config/hyperparameters.json").write_text(json.dumps(made.asked.texts()))
    entry.run(SERVICE, Place(ml), quiet)
    assert model(ml / "output/data") == model(found)
    run = json.loads((ml / "output/data/run.json").read_text())
    assert [trial["number"] for trial in run["trials"]] == list(range(SEARCH.trials))


@pytest.mark.long
def test_each_trial_is_a_run_below_that_of_the_model(tmp_path, monkeypatch):
    from model.training.tracking.recorded import recorded
    from model.training.tracking.to_mlflow import MLflow

    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    done = tune(SERVICE, options(tmp_path, trackers=("mlflow",)), SEARCH, quiet)
    assert done.warnings == ()
    tracker = MLflow(None, tmp_path)
    client, parent = tracker.client(), done.evidence["source"]["mlflow_run"]
    experiment = client.get_experiment_by_name(SERVICE.name).experiment_id
    below = client.search_runs([experiment], f"tags.`mlflow.parentRunId` = '{parent}'")
    assert len(below) == SEARCH.trials
    values = {float(run.data.params[C]): run.data.metrics["validation"] for run in below}
    assert values[chosen(tmp_path / "model")[C]] == max(values.values())
    assert [run.run for run in recorded(tracker, SERVICE.name, 5)] == [parent], "trials are no trainings"


class _Unread(Skeleton):
    """Whose data nobody may ask for."""

    def load(self, cache):
        pytest.fail("its data was loaded")


@pytest.mark.parametrize("begin", [lambda *of: tune(*of, quiet), lambda *of: order(*of[:2], quiet, of[2])])
@pytest.mark.parametrize(
    ("fixed", "trials", "why"), [({}, 0, "finds nothing"), ({C: 1.0}, 2, "Every parameter of logistic")]
)
def test_a_search_of_nothing_is_refused_before_the_data_is_loaded(tmp_path, begin, fixed, trials, why):
    with pytest.raises(SearchError, match=why):
        begin(_Unread(), options(tmp_path, parameters=fixed), Search(trials))


def test_the_best_is_the_first_of_the_highest_and_never_one_that_failed():
    trials = (Trial(0, {}, 0.5), Trial(1, {"a": 1}, None), Trial(2, {"a": 2}, 0.7), Trial(3, {"a": 3}, 0.7))
    assert best(trials).number == 2
    with pytest.raises(SearchError, match="None of 1 trials"):
        best((trials[1],))


def test_a_text_is_a_value_of_its_range_or_refused():
    assert value(Whole(1, 9), "3") == 3
    assert value(Real(0.0, 1.0), "0.25") == 0.25
    assert value(Choice((True, "l2", 2)), "2") == 2
    for range_, text in (
        (Whole(1, 9), "10"),
        (Real(0.0, 1.0), "nan"),
        (Choice(("a",)), "b"),
        (Whole(1, 9), "x"),
    ):
        with pytest.raises(ValueError, match=r".+"):
            value(range_, text)
    with pytest.raises(ValueError, match="there is no depth to set"):
        parameters({"a": Whole(1, 2)}, {"depth": "1"})


def test_a_seed_that_no_search_takes_is_an_error_of_the_job():
    with pytest.raises(ModelError, match=r"the seed -1 is not a whole number from 0 to 2147483647"):
        asked(SERVICE, {"slipway.trials": "3", "slipway.seed": "-1"})


def test_a_parameter_outside_of_its_range_is_an_error_of_the_job():
    with pytest.raises(ModelError, match=r"1000 is not a number from 0\.01 to 100"):
        asked(SERVICE, {C: "1000"})
