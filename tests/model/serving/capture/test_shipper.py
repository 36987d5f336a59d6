"""What S3 does not take waits, is told of now and then, and keeps nothing else from S3."""

import fcntl
import logging
from pathlib import Path

import pytest

from model.serving.capture.shipper import SAID_EVERY, TRIES, Shipment
from model.serving.capture.spool import SUFFIX
from model.serving.capture.store import Destination
from model.serving.keeping import Keeping
from sandbox.testing import SandboxHandle
from tests.model.serving.capture import keeping_examples as kept
from tests.model.serving.capture.test_spool import Clock


class S3:
    """Takes what it may, in memory."""

    def __init__(self) -> None:
        self.refused: set[str] = set()
        """Names of files that it does not take; `*` is all of them."""
        self.asked: list[str] = []
        self.held: dict[str, bytes] = {}

    def put(self, key: str, content: bytes) -> None:
        name = key.rpartition("/")[2].removesuffix(SUFFIX)
        self.asked.append(name)
        if self.refused & {name, "*"}:
            raise PermissionError(f"{name} is denied\nand more lines")
        self.held[key] = content


def write(place: Path, *names: str) -> None:
    for name in names:
        (place / f"2026-11-30-02.{name}{SUFFIX}").write_bytes(name.encode())


def test_the_oldest_is_brought_first(tmp_path):
    s3 = S3()
    write(tmp_path, "14-03", "14-01", "14-02")
    assert Shipment(tmp_path, s3.put).bring()
    assert s3.held == {f"2026/11/30/02/14-0{n}{SUFFIX}": f"14-0{n}".encode() for n in (1, 2, 3)}
    assert s3.asked == ["14-01", "14-02", "14-03"]
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_being_written_is_left_to_its_writer(tmp_path):
    s3 = S3()
    write(tmp_path, "a", "b")
    with next(tmp_path.glob("*.a.*")).open("rb") as writer:
        fcntl.flock(writer, fcntl.LOCK_EX)
        assert Shipment(tmp_path, s3.put).bring()
    assert s3.asked == ["b"]


def test_s3_that_denies_is_asked_for_two_files_a_round_however_many_wait(tmp_path):
    s3 = S3()
    s3.refused = {"*"}
    names = [f"{number:03}" for number in range(200)]
    write(tmp_path, *names)
    shipment = Shipment(tmp_path, s3.put)
    assert [shipment.bring() for _ in range(3)] == [False] * 3
    assert len(s3.asked) == 3 * TRIES
    s3.refused = set()
    assert shipment.bring()
    assert len(s3.held) == 200


def test_what_waits_is_told_once_in_a_while(tmp_path, caplog):
    s3, clock = S3(), Clock()
    s3.refused = {"*"}
    write(tmp_path, "one", "three")
    shipment = Shipment(tmp_path, s3.put, clock)
    with caplog.at_level(logging.ERROR):
        for _ in range(3):
            shipment.bring()
        said = "capture: 8 bytes in 2 files wait for S3: PermissionError: three is denied"
        assert caplog.messages == [said]
        clock.time += SAID_EVERY
        shipment.bring()
    assert len(caplog.messages) == 2


def test_files_that_s3_never_takes_are_tried_last_and_keep_no_other_from_it(tmp_path):
    s3 = S3()
    s3.refused = {"00", "01", "02", "03"}
    write(tmp_path, *s3.refused, *(f"1{number}" for number in range(5)))
    shipment = Shipment(tmp_path, s3.put)
    for _ in range(3):  # two of them end a round
        assert not shipment.bring()
    assert len(s3.held) == 5
    write(tmp_path, "-older", "later")
    s3.asked.clear()
    assert not shipment.bring()
    assert s3.asked[:2] == ["-older", "later"]
    assert len(s3.held) == 7


def test_failures_that_are_files_own_end_no_round(tmp_path):
    s3 = S3()
    s3.refused = {"0", "2", "4"}
    write(tmp_path, "0", "1", "2", "3", "4", "5")
    assert not Shipment(tmp_path, s3.put).bring()
    assert s3.asked == ["0", "1", "2", "3", "4", "5"]
    assert len(list(tmp_path.iterdir())) == 3


def test_a_file_that_is_being_written_says_nothing_of_s3(tmp_path):
    s3 = S3()
    s3.refused = {"*"}
    write(tmp_path, "0", "1", "2", "3")
    with next(tmp_path.glob("*.1.*")).open("rb") as writer:
        fcntl.flock(writer, fcntl.LOCK_EX)
        assert not Shipment(tmp_path, s3.put).bring()
    assert s3.asked == ["0", "2"]


def test_what_cannot_even_be_read_keeps_no_other_from_s3(tmp_path):
    s3 = S3()
    (tmp_path / f"2026-11-30-01.folder{SUFFIX}").mkdir()
    write(tmp_path, "a")
    assert not Shipment(tmp_path, s3.put).bring()
    assert s3.asked == ["a"]


@pytest.mark.sandbox
def test_who_is_denied_asks_s3_no_more_than_that(sandbox: SandboxHandle, s3, tmp_path, monkeypatch):
    for name, value in sandbox.env.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "denied")
    sandbox.enforce("denied", [])
    write(tmp_path, *"abcdefgh")
    shipment = Shipment(tmp_path, Destination(Keeping(kept.FOLDER, kept.SECRET)).put)
    sandbox.reset_calls()
    assert not shipment.bring()
    assert sandbox.calls()["s3"] == {"PutObject": TRIES}
    sandbox.enforce("denied", [{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}])
    assert shipment.bring()
    assert len(s3.list_objects_v2(Bucket=kept.BUCKET)["Contents"]) == 8
