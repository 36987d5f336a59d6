"""`./slipway judge`: exit codes, output for machines and people, and what it says to wrong input."""

import json
from pathlib import Path
from typing import Any

import pytest

from scripts.judge import COMMAND
from scripts.shared.cli import execute
from tests.release.judge.traffic import pair, records

QUICK = "min_seconds: 20\nmin_requests: 50\n"


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    path = tmp_path / "policy.yaml"
    path.write_text(QUICK, encoding="utf-8")
    return path


def recorded(tmp_path: Path, **bad: Any) -> Path:
    path = tmp_path / "windows.jsonl"
    lines = [json.dumps(record) for record in records(*pair(1, blocks=80, **bad))]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_a_good_candidate_exits_0_and_a_bad_one_1(
    tmp_path: Path, policy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for bad, code, word in (({}, 0, "PASS"), ({"errors": 0.05}, 1, "FAIL")):
        windows = recorded(tmp_path, **bad)
        assert execute(COMMAND, ["--policy", str(policy), "--windows", str(windows), "--json"]) == code
        lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        assert len(lines) == 80
        assert lines[0]["decision"] == "HOLD"
        assert lines[-1]["decision"] == word


def test_evidence_that_came_as_it_came_gives_the_same_verdict(
    tmp_path: Path, policy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    argv = ["--policy", str(policy), "--windows", str(recorded(tmp_path)), "--json", "--last"]
    execute(COMMAND, argv)
    in_order = capsys.readouterr().out
    execute(COMMAND, [*argv, "--as-it-came"])
    assert capsys.readouterr().out == in_order


def test_nothing_but_rubbish_holds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    windows = tmp_path / "windows.jsonl"
    windows.write_bytes(b'\xff\xfe{"x": 1}\n[]\n{"schema": "other"}\n\n')
    assert execute(COMMAND, ["--windows", str(windows), "--json"]) == 3
    verdict = json.loads(capsys.readouterr().out)
    assert verdict["decision"] == "HOLD"
    assert verdict["set_aside"] == {"unreadable": 2, "another schema": 1}


def test_a_line_without_end_is_one_window_set_aside(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    windows = tmp_path / "windows.jsonl"
    windows.write_text("{" * 2_000_000 + "\n{}\n", encoding="utf-8")
    assert execute(COMMAND, ["--windows", str(windows), "--json"]) == 3
    assert json.loads(capsys.readouterr().out)["set_aside"] == {"unreadable": 1, "another schema": 1}


def test_more_windows_than_fit_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("release.operations.judge.MAX_WINDOWS", 10)
    windows = recorded(tmp_path)
    assert execute(COMMAND, ["--windows", str(windows)]) == 2
    assert "--as-it-came" in capsys.readouterr().err


def test_people_get_a_line_per_metric(
    tmp_path: Path, policy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    execute(COMMAND, ["--policy", str(policy), "--windows", str(recorded(tmp_path, errors=0.05)), "--last"])
    out = capsys.readouterr().out
    assert "FAIL" in out
    assert "errors: beyond:" in out
    assert "fails when candidate - 1.25 x live is above 0.02 %" in out


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("alpha: 0", "alpha: Input should be greater than 0"),
        ("errors: {fail_times: 1, fail_plus: 0}", "no margin"),
        ("latency: {body: {fail: 1.2, passes: 1.1}}", "inside the FAIL margin"),
        ("- 1", "policy: Input should be"),
        ("{", "cannot be read"),
        ("x: &a [*a]\ny: *b", "cannot be read"),
    ],
)
def test_a_policy_that_cannot_decide_exits_2(
    tmp_path: Path, text: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text(text, encoding="utf-8")
    assert execute(COMMAND, ["--policy", str(path), "--windows", "none.jsonl"]) == 2
    assert words in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize(
    "argv", [[], ["--windows", "none.jsonl"], ["--policy", "none.yaml", "--windows", "x"]]
)
def test_what_is_missing_is_named(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(COMMAND, argv) == 2
    assert "error:" in capsys.readouterr().err


def test_an_estimate_says_how_long(capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(COMMAND, ["estimate", "--rate", "50", "--weight", "5", "--json"]) == 0
    lines = json.loads(capsys.readouterr().out)["estimate"]
    assert [line["verdict"] for line in lines][:2] == ["PASS", "FAIL"]
    assert all(line["seconds"] > 0 for line in lines)
    assert execute(COMMAND, ["estimate", "--rate", "-1"]) == 2
