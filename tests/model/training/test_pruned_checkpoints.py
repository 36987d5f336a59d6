"""Which checkpoints stay in a folder: of the trainings that were used last, and all while anybody trains."""

import os
from pathlib import Path

import pytest

from model.training.checkpoints import Checkpoints

STEPS = ("fitted", "ended")


@pytest.fixture
def trainings(tmp_path) -> list[Checkpoints]:
    """Four of them in one folder, each used a minute after the one before, the last one long ago."""
    made = [Checkpoints(tmp_path, {"number": number}) for number in range(4)]
    for number, each in enumerate(made):
        for step in STEPS:
            each.keep(step, {"a": bytes([number])})
        for path in set(tmp_path.glob("*.checkpoint")):
            if path.stat().st_mtime > 1_000_000:
                os.utime(path, (60.0 * number, 60.0 * number))
    return made


def kept(trainings: list[Checkpoints]) -> list[int]:
    """The numbers of those that have all of their steps; none may have a part of them."""
    found = [[each.read(step) is not None for step in STEPS] for each in trainings]
    assert all(len(set(steps)) == 1 for steps in found)
    return [number for number, steps in enumerate(found) if all(steps)]


def test_those_that_were_used_last_stay_and_this_one_is_used_now(trainings):
    trainings[0].prune(3)
    assert kept(trainings) == [0, 2, 3]
    trainings[3].prune(2)
    assert kept(trainings) == [0, 3]
    trainings[3].prune(1)
    assert kept(trainings) == [3]


def test_while_anybody_trains_there_none_goes(trainings):
    with trainings[1].held():
        with trainings[0].held():
            pass
        trainings[0].prune(1)
        assert kept(trainings) == [0, 1, 2, 3]
    trainings[0].prune(1)
    assert kept(trainings) == [0]


def test_the_lock_of_a_process_that_died_holds_nobody_up(trainings, tmp_path):
    child = os.fork()
    if child == 0:
        with trainings[1].held():
            os._exit(1)
    os.waitpid(child, 0)
    trainings[0].prune(1)
    assert kept(trainings) == [0]


def test_without_a_folder_there_is_nothing_to_hold_or_to_prune(tmp_path):
    nowhere = Checkpoints()
    with nowhere.held():
        nowhere.prune(1)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_of_nothing_is_pruned_as_any(tmp_path: Path):
    Checkpoints(tmp_path / "new", {"number": 1}).prune(2)
    assert [path.name for path in (tmp_path / "new").iterdir()] == [".lock"]
