"""Evidence that is spoiled, stale or hostile: it neither stops the service nor makes a verdict look fresh."""

import json
import os
import subprocess
import sys
import time

import pytest

from integrations.judge_service.keys import key_of
from integrations.judge_service.rollout import whole_lines
from integrations.judge_service.rollouts import Rollouts
from release.judge import quiet
from release.judge.verdict import Decision
from tests.conftest import ROOT
from tests.integrations.judge_service.service import PATH, now_by_blocks, running, started, streamed
from tests.release.judge.traffic import QUICK

KEY = key_of(*PATH.split("/"), "abc")


@pytest.fixture
def lines():
    """Evidence that passes, and ends now."""
    return streamed()


def opened(folder, most_bytes=10**9):
    rollouts = Rollouts(folder, QUICK, most_bytes)
    return rollouts, rollouts.opened(KEY)


def moved(lines, seconds, variant=None, **changes):
    """The windows later by so many seconds."""
    windows = [json.loads(line) for line in lines if "slipway-window" in line]
    return [
        json.dumps(each | {"start": each["start"] + seconds, "end": each["end"] + seconds} | changes)
        for each in windows
        if variant in (None, each["variant"])
    ]


@pytest.mark.parametrize("seconds", [float("inf"), 10**400])
def test_a_silence_that_cannot_be_spoils_no_evidence_and_no_start(tmp_path, lines, seconds):
    with running(tmp_path / "kept") as service:
        service.post(lines[:20], "abc")
        service.post([quiet.line(seconds)])
    with running(tmp_path / "kept") as service:
        service.post(lines[20:])
        assert service.argo("abc").told["decision"] == "PASS"


def test_a_number_that_no_float_holds_is_answered(tmp_path, lines):
    huge = json.dumps(json.loads(lines[0]) | {"start": 10**400})
    with running(tmp_path / "kept") as service:
        service.argo("abc")
        assert service.post([huge]).status == 200


def test_windows_that_are_set_aside_make_no_pass_fresh(tmp_path, lines):
    rollouts, rollout = opened(tmp_path / "kept")
    now = now_by_blocks()
    rollout.take("\n".join(lines), now)
    assert rollouts.ask(KEY, now).decision is Decision.PASS
    later = now + 200
    rollout.take("\n".join(moved(lines, 200, score={"bins": [1], "counts": [9], "range": [0, 7]})), later)
    told = rollouts.ask(KEY, later)
    assert told.verdict
    assert (told.verdict.decision, told.decision) == (Decision.PASS, Decision.HOLD)


def test_a_pass_from_a_clock_that_was_set_back_is_not_fresh(tmp_path, lines):
    rollouts, rollout = opened(tmp_path / "kept")
    now = now_by_blocks()
    rollout.take("\n".join(lines), now)
    decisions = [rollouts.ask(KEY, now + by).decision for by in (-60, -3600)]
    assert decisions == [Decision.PASS, Decision.HOLD]


def test_evidence_goes_on_after_hours_of_silence_of_both(tmp_path, lines):
    _, rollout = opened(tmp_path / "kept")
    rollout.take("\n".join(lines), now_by_blocks())
    later = time.time() + 7200
    kept = [
        rollout.take("\n".join(moved(lines, 7200, variant)), later)[0] > 0
        for variant in ("live", "candidate", "live")
    ]
    assert kept == [False, True, True]


def test_a_write_that_failed_half_way_spoils_no_line(tmp_path, lines, monkeypatch):
    _, rollout = opened(tmp_path / "kept")
    write, truncate = os.write, os.ftruncate

    def no(*_):
        raise OSError("the disk is gone")

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", lambda file, data: write(file, data[: len(data) // 2]))
        patched.setattr(os, "ftruncate", no)
        with pytest.raises(OSError, match="the disk is gone"):
            rollout.take("\n".join(lines[:10]), time.time())
    assert os.ftruncate is truncate
    rollout.take("\n".join(lines[:10]), time.time())
    assert whole_lines(rollout.file) == lines[:10]


def test_a_byte_that_the_disk_spoiled_spoils_its_line_alone(tmp_path, lines):
    with running(tmp_path / "kept") as service:
        service.post(lines[:20], "abc")
    [kept] = (tmp_path / "kept").glob("*/*/*.jsonl")
    whole = bytearray(kept.read_bytes())
    whole[10] = 0xFF
    kept.write_bytes(whole)
    with running(tmp_path / "kept") as service:
        service.post(lines[20:])
        told = service.argo("abc").told
    assert told["verdict"]["set_aside"] == {"unreadable": 1}
    assert whole_lines(kept)[1 : len(lines)] == lines[1:]


def test_the_word_that_nothing_came_needs_no_room(tmp_path, lines, monkeypatch):
    windows = "\n".join(lines[:20])
    rollouts, rollout = opened(tmp_path / "kept", len(windows) + 5)
    rollout.take(windows, time.time())
    monkeypatch.setattr(time, "monotonic", lambda: 1e9)
    assert rollouts.ask(KEY, time.time()).decision is Decision.HOLD


@pytest.mark.kill
def test_a_second_service_on_the_folder_ends_with_words(tmp_path):
    command = [sys.executable, "-m", "integrations.judge_service", "--folder", str(tmp_path / "kept")]
    with started(tmp_path / "kept"):
        done = subprocess.run(
            [*command, "--port", "0"], cwd=ROOT, capture_output=True, text=True, check=False, timeout=120
        )
    assert done.returncode == 2
    assert "another service has it open" in done.stderr
