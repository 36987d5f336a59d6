"""The running service says what `./slipway judge` says of the same evidence, also after it was killed."""

import io
import json
import subprocess
import sys
import time

import pytest

from integrations.judge_service.keys import key_of
from integrations.judge_service.rollout import whole_lines
from integrations.judge_service.rollouts import Rollouts
from release.domain.policy import LatencyMargins, Policy
from release.judge import quiet
from release.judge.verdict import Decision
from release.operations.judge import replay
from tests.conftest import ROOT
from tests.integrations.judge_service.service import (
    PATH,
    RECORDED,
    now_by_blocks,
    running,
    started,
    streamed,
)
from tests.release.judge.traffic import QUICK

SHARES_ALONE = Policy(latency=LatencyMargins(plus_ms=0, tail_plus_ms=0))
"""By which the recorded release is a regression beside itself."""


def by_command(file, policy, folder):
    """The last verdict of `./slipway judge` on a file of evidence."""
    given = folder / "given.json"
    given.write_text(policy.model_dump_json())
    command = [sys.executable, "-m", "scripts.judge", "--policy", str(given), "--windows", str(file)]
    done = subprocess.run(
        [*command, "--as-it-came", "--last", "--json"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return json.loads(done.stdout.splitlines()[-1])


def replayed(file, policy=QUICK):
    """The last verdict of the command's operation on a file of evidence."""
    *_, last = replay(io.StringIO(file.read_text()), policy, as_it_came=True)
    return json.loads(json.dumps(last.record()))


@pytest.mark.parametrize("policy", [Policy(), SHARES_ALONE], ids=["HOLD", "FAIL"])
def test_recorded_evidence_gets_the_verdict_of_the_command(tmp_path, policy):
    recorded = RECORDED.read_text().splitlines()
    with running(tmp_path / "kept", policy) as service:
        service.argo("abc")
        for start in range(0, len(recorded), 10):
            assert service.post(recorded[start : start + 10]).status == 200
        service.post([quiet.line(40.0)])
        told = service.argo("abc").told
    expected = by_command(RECORDED, policy, tmp_path)
    assert told["decision"] == expected["decision"] == ("HOLD" if policy == Policy() else "FAIL")
    assert told["verdict"] == {key: expected[key] for key in told["verdict"]}
    [kept] = (tmp_path / "kept").glob("*/*/*.jsonl")
    assert kept.read_text().splitlines()[: len(recorded)] == recorded
    assert replayed(kept, policy) == told["verdict"]


@pytest.mark.parametrize(
    ("bad", "said"), [({}, "PASS"), pytest.param({"errors": 0.2}, "FAIL", marks=pytest.mark.long)]
)
def test_a_file_of_windows_that_is_posted_whole_gets_the_verdict_of_the_command(tmp_path, bad, said):
    file = tmp_path / "windows.jsonl"
    file.write_text("\n".join(streamed(bad)) + "\n")
    with started(tmp_path / "kept") as (service, _):
        service.argo("abc")
        url = f"http://127.0.0.1:{service.port}/evidence/{PATH}/abc"
        curl = ["curl", "--silent", "--show-error", "--fail", "--data-binary", f"@{file}", url]
        posted = subprocess.run(curl, capture_output=True, text=True, check=True)
        told = service.argo("abc").told
    expected = by_command(file, QUICK, tmp_path)
    assert json.loads(posted.stdout) == {"kept": len(file.read_text().splitlines()), "passed_over": 0}
    assert told["decision"] == expected["decision"] == said
    assert told["verdict"] == {key: expected[key] for key in told["verdict"]}


@pytest.mark.kill
def test_the_service_goes_on_where_it_was_killed(tmp_path):
    lines = streamed()
    half = len(lines) // 2
    with started(tmp_path / "kept") as (service, process):
        service.post(lines[:half], "abc")
        process.kill()
    with running(tmp_path / "kept") as service:
        assert service.post(lines[half:]).told["kept"] == len(lines) - half
        told = service.argo("abc").told
        assert (told["decision"], told["verdict"]["decision"]) == ("PASS", "PASS")
    [kept] = (tmp_path / "kept").glob("*/*/*.jsonl")
    assert replayed(kept) == told["verdict"]


def test_half_a_line_that_a_death_left_is_no_evidence_and_spoils_none(tmp_path):
    lines = streamed()
    with running(tmp_path / "kept") as service:
        service.post(lines[:20], "abc")
    [kept] = (tmp_path / "kept").glob("*/*/*.jsonl")
    whole = kept.read_bytes()
    kept.write_bytes(whole + lines[20][:100].encode())
    with running(tmp_path / "kept") as service:
        service.post(lines[20:])
        assert service.argo("abc").told["decision"] == "PASS"
    assert whole_lines(kept)[: len(lines)] == lines


def test_a_pass_grows_old(tmp_path):
    with running(tmp_path / "kept") as service:
        service.post(streamed(until=now_by_blocks() - 300), "abc")
        told = service.argo("abc").told
    assert told["verdict"]["decision"] == "PASS"
    assert told["decision"] == "HOLD"
    assert "what is known of both variants ends" in told["because"]


def test_a_window_of_tomorrow_does_not_look_fresh(tmp_path):
    with running(tmp_path / "kept") as service:
        told = service.post(streamed(until=time.time() + 86_400), "abc").told
    assert told["kept"] < 100
    assert told["passed_over"] > 0


def test_a_failure_is_final_for_its_checksum_and_another_one_begins_anew(tmp_path):
    with running(tmp_path / "kept") as service:
        service.post(streamed({"errors": 0.2}), "bad")
        assert service.argo("bad").told["decision"] == "FAIL"
        assert service.argo("good").told["decision"] == "HOLD"
        service.post(streamed(seed=2))
        assert service.argo("good").told["decision"] == "PASS"
        again = service.argo("bad").told
        assert again["decision"] == "FAIL"
        assert "errors" in again["because"]
    with running(tmp_path / "kept") as service:
        assert service.argo("bad").told["decision"] == "FAIL"
        assert service.argo("good").told["decision"] == "PASS"


@pytest.fixture(scope="module")
def bad():
    """The evidence of a release that fails, and of one that passes."""
    return streamed({"errors": 0.2}), streamed(seed=2)


STRAY = ["INFO: shutting down"]


class TestLateEvidence:
    def test_of_a_checksum_that_failed_undoes_nothing(self, tmp_path, bad):
        with running(tmp_path / "kept") as service:
            service.post(bad[0], "bad")
            assert service.argo("bad").told["decision"] == "FAIL"
            assert service.call("POST", f"/evidence/{PATH}/bad", STRAY[0]).status == 202
            service.argo("good")
            for lines in (STRAY, bad[0]):
                late = service.call("POST", f"/evidence/{PATH}/bad", "\n".join(lines))
                assert (late.status, late.told["kept"]) == (202, 0)
            hooks = [service.flagger(hook, "bad") for hook in ("confirm-traffic-increase", "rollback")]
            assert (service.argo("bad").told["decision"], hooks) == ("FAIL", [409, 200])
            service.post(bad[1])
            assert service.argo("good").told["decision"] == "PASS"

    def test_of_a_checksum_before_takes_no_place(self, tmp_path, bad):
        with running(tmp_path / "kept") as service:
            service.argo("old")
            service.post(bad[1], "new")
            assert service.call("POST", f"/evidence/{PATH}/old", STRAY[0]).status == 202
            assert service.argo("new").told["decision"] == "PASS"

    def test_opens_nothing(self, tmp_path):
        with running(tmp_path / "kept") as service:
            assert service.call("POST", f"/evidence/{PATH}/abc", STRAY[0]).status == 202
        assert list((tmp_path / "kept").iterdir()) == []


class TestAFailure:
    def test_that_nobody_asked_for_is_kept_when_the_next_one_opens(self, tmp_path, bad):
        with running(tmp_path / "kept") as service:
            service.post(bad[0], "bad")
            service.argo("good")
            assert service.argo("bad").told["decision"] == "FAIL"

    def test_outlives_another_policy_a_torn_marker_and_its_evidence(self, tmp_path, bad):
        with running(tmp_path / "kept") as service:
            service.post(bad[0], "bad")
            service.argo("bad")
        with running(tmp_path / "kept", QUICK.model_copy(update={"min_requests": 10**9})) as service:
            assert service.argo("bad").told["decision"] == "FAIL"
        [marker] = (tmp_path / "kept").glob("*/*/*.failed")
        marker.write_text("")
        rollouts = Rollouts(tmp_path / "kept", QUICK, most=2)
        for checksum in ("one", "two", "three"):
            rollouts.ask(key_of(*PATH.split("/"), checksum), 0.0)
        kept = [file.name for file in (tmp_path / "kept").glob("*/*/*.jsonl")]
        assert sorted(kept) == ["000003-two.jsonl", "000004-three.jsonl"]
        assert rollouts.ask(key_of(*PATH.split("/"), "bad"), 0.0).decision is Decision.FAIL


def test_a_checksum_that_comes_back_later_is_judged_on_evidence_of_then(tmp_path):
    with running(tmp_path / "kept") as service:
        service.post(streamed(), "one")
        assert service.argo("one").told["decision"] == "PASS"
        service.argo("two")
        assert service.argo("one").told["decision"] == "HOLD"


def test_more_than_is_kept_is_refused_and_a_pass_waits(tmp_path):
    lines = streamed()
    size = sum(len(line) + 1 for line in lines)
    with running(tmp_path / "kept", QUICK, size) as service:
        service.post(lines, "abc")
        refused = service.post(lines)
        told = service.argo("abc").told
    assert refused.status == 507
    assert (told["verdict"]["decision"], told["decision"]) == ("PASS", "HOLD")


def test_looking_opens_nothing(tmp_path):
    with running(tmp_path / "kept") as service:
        told = service.call("GET", f"/verdict/{PATH}/abc").told
        assert (told["decision"], list((tmp_path / "kept").iterdir())) == ("HOLD", [])
        assert service.post(streamed()).status == 202
