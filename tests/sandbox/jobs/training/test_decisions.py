"""What a training job comes to, its statuses and its metrics, as values."""

from pathlib import Path
from typing import Any

import pytest

from sandbox.jobs.running.execution import Cause, Ended, grace_of
from sandbox.jobs.running.failures import MOST_FAILURE, algorithm_error
from sandbox.jobs.running.objects import Owner
from sandbox.jobs.training.metrics import read_definitions, values_in
from sandbox.jobs.training.outcome import SAID, end_of
from sandbox.jobs.training.state import OVER, PRIMARY, Secondary, TrainingJob
from sandbox.jobs.training.trainer import failure_told


def job(**request: Any) -> TrainingJob:
    return TrainingJob(Owner("1", "r", "role"), "name", "arn", request, [])


@pytest.mark.parametrize(
    ("ended", "waited_out", "status"),
    [
        (Ended(0), False, Secondary.COMPLETED),
        (Ended(1), False, Secondary.FAILED),
        (Ended(137), True, Secondary.FAILED),
        (Ended(0, Cause.STOPPED), False, Secondary.STOPPED),
        (Ended(143, Cause.STOPPED), True, Secondary.STOPPED),
        (Ended(0, Cause.TOO_LONG), False, Secondary.MAX_RUNTIME),
        (Ended(137, Cause.TOO_LONG), True, Secondary.MAX_WAIT),
        (Ended(143, Cause.INTERRUPTED), False, Secondary.INTERRUPTED),
    ],
)
def test_how_a_program_ended_says_how_its_job_ends(ended: Ended, waited_out: bool, status: Secondary) -> None:
    assert end_of(ended, waited_out) is status


def test_every_end_but_a_failure_has_its_words() -> None:
    assert set(SAID) == OVER - {Secondary.FAILED}
    assert set(PRIMARY) == set(Secondary)


def test_a_failure_is_told_in_1024_characters() -> None:
    assert algorithm_error(1, "it broke") == "AlgorithmError: it broke, exit code: 1"
    assert algorithm_error(9, "") == "AlgorithmError: , exit code: 9"
    assert len(algorithm_error(255, "x" * 5000)) == MOST_FAILURE


def test_a_failure_in_letters_of_two_bytes_is_told_as_far(tmp_path: Path) -> None:
    (tmp_path / "output").mkdir()
    (tmp_path / "output/failure").write_text("\u00fc" * 5000, encoding="utf-8")
    assert len(algorithm_error(1, failure_told(tmp_path))) == MOST_FAILURE


def test_a_grace_is_scaled_and_never_too_short_to_save_a_model() -> None:
    assert grace_of(120, 1) == 120
    assert grace_of(120, 60) == 5.0


def test_a_job_that_stops_goes_on_to_its_end_alone() -> None:
    stopping = job()
    stopping.enter(Secondary.DOWNLOADING, "")
    stopping.stop()
    stopping.enter(Secondary.TRAINING, "")
    stopping.enter(Secondary.UPLOADING, "")
    assert (stopping.secondary, stopping.status) == (Secondary.STOPPING, "Stopping")
    stopping.enter(Secondary.STOPPED, "")
    assert [one.status.value for one in stopping.transitions] == [
        *("Starting", "Downloading", "Stopping", "Stopped")
    ]
    assert stopping.ended.is_set()


def test_a_new_message_is_no_new_status() -> None:
    training = job()
    training.enter(Secondary.STARTING, "Launching")
    assert [(one.status, one.message) for one in training.transitions] == [(Secondary.STARTING, "Launching")]


def test_only_a_spot_job_that_trains_can_be_interrupted() -> None:
    assert not job(EnableManagedSpotTraining=True).interrupt(0)
    assert not job().interrupt(0)


def test_interruptions_are_not_paid_for() -> None:
    spot = job()
    for status in (Secondary.DOWNLOADING, Secondary.INTERRUPTED, Secondary.TRAINING, Secondary.COMPLETED):
        spot.enter(status, "")
    for number, one in enumerate(spot.transitions):
        one.start = one.start.replace(hour=1, minute=number, second=0, microsecond=0)
        one.end = one.start.replace(minute=number + 1)
    assert spot.seconds(billable=False) == 180
    assert spot.seconds(billable=True) == 120


def test_metrics_are_the_first_groups_of_what_is_found() -> None:
    definitions = read_definitions(
        [{"Name": "loss", "Regex": "loss=([0-9.e-]+)"}, {"Name": "all", "Regex": "[0-9]+$"}]
    )
    assert list(values_in("loss=0.5 loss=1e-3 of 7", definitions)) == [
        ("loss", 0.5),
        ("loss", 0.001),
        ("all", 7.0),
    ]
    assert list(values_in("loss=.", definitions)) == []
    with pytest.raises(ValueError, match="'\\(' of bad is no regular expression"):
        read_definitions([{"Name": "bad", "Regex": "("}])
