"""What is told of recordings of real servers, from a recording of one."""

from pathlib import Path

from bench.judge import real_figures
from bench.judge.real import Load

RECORDED = Path(__file__).parents[2] / "release" / "judge" / "recorded" / "one_release_at_1pct.jsonl"


def test_a_recording_says_how_far_equal_variants_lie_apart(tmp_path: Path) -> None:
    found = real_figures.figure(0.01, RECORDED)
    assert (found.requests, found.seconds) == (376, 245.0)
    assert found.p50[0] > 1.2 * found.p50[1]
    assert found.judged.startswith("HOLD: PASS waits for")
    assert found.shares_alone == "FAIL after 15 s"
    real_figures.keep(tmp_path, Load(150, 40, 240), [found])
    title, words, table = real_figures.section(tmp_path)
    assert title == "## Real servers"
    assert "150 requests/s, after live was alone for 40 s" in words
    assert "| 1 % | 376 in 245 s |" in table


def test_without_recordings_there_is_no_section(tmp_path: Path) -> None:
    assert real_figures.section(tmp_path) == []
