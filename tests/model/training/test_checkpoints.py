"""A checkpoint is taken as it was kept, or not at all."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.training.checkpoints import Checkpoints

STEP, TRAINING = "fit", {"seed": 1}
FILES = {"pipeline.skops": b"fitted " * 40, "trials.json": b"[]\n"}


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("checkpoints")


def kept(place: Path) -> tuple[Checkpoints, Path, bytes]:
    """The checkpoints of one training, the file of a step, and its bytes."""
    checkpoints = Checkpoints(place, TRAINING)
    checkpoints.keep(STEP, FILES)
    [path] = place.iterdir()
    return checkpoints, path, path.read_bytes()


def test_what_a_step_made_is_read_back_by_the_same_training_alone(place):
    checkpoints, _, _ = kept(place)
    assert checkpoints.read(STEP) == FILES
    assert Checkpoints(place, {"seed": 2}).read(STEP) is None
    assert checkpoints.read("another") is None


def test_a_checkpoint_that_lost_its_end_is_none_wherever_it_was_cut(place):
    """Also behind the archive's last file, where nothing but its padding and the checksum of gzip is."""
    checkpoints, path, content = kept(place)
    taken = []
    for length in range(len(content)):
        path.write_bytes(content[:length])
        taken += [length] if checkpoints.read(STEP) is not None else []
    assert taken == []


def test_a_checkpoint_of_which_one_bit_is_another_is_none_in_whichever_byte(place):
    checkpoints, path, content = kept(place)
    taken = []
    for place_of_byte in range(len(content)):
        flipped = bytearray(content)
        flipped[place_of_byte] ^= 1 << place_of_byte % 8
        path.write_bytes(flipped)
        taken += [place_of_byte] if checkpoints.read(STEP) is not None else []
    assert taken == []


@given(data=st.data())
def test_a_checkpoint_with_a_hole_or_with_more_behind_it_is_none(place, data):
    checkpoints, path, content = kept(place)
    begin = data.draw(st.integers(0, len(content)))
    end = data.draw(st.integers(begin, len(content)))
    more = data.draw(st.binary(max_size=64))
    damaged = content[:begin] + more + content[end:]
    path.write_bytes(damaged)
    assert checkpoints.read(STEP) == (FILES if damaged == content else None)


def test_what_a_training_kept_is_deleted_by_it_alone(place):
    checkpoints, path, _ = kept(place)
    Checkpoints(place, {"seed": 2}).drop()
    assert path.exists()
    checkpoints.drop()
    assert list(place.iterdir()) == []
