"""The benchmark itself: streams hold what scenarios say, practices decide as documented, reports are made."""

import json
from pathlib import Path

import numpy as np
import pytest

from bench.judge import campaign, practices, report
from bench.judge.campaign import Cell
from bench.judge.practices import MINUTES, Minutes
from bench.judge.scenarios import BY_NAME, SCENARIOS
from bench.judge.streams import HISTORY, Change, counts, draw
from release.domain.policy import Policy


def test_one_seed_is_one_stream() -> None:
    first, again, other = (draw(seed, 50, 0.25, Change(), 120) for seed in (1, 1, 2))
    assert (counts(first.live, first.lost_live) == counts(again.live, again.lost_live)).all()
    assert first.live.time.size != other.live.time.size


def test_streams_hold_what_the_scenarios_say() -> None:
    run = draw(1, 200, 0.25, Change(errors=0.05, latency=1.5, invalid=0.02))
    assert (run.candidate.time >= HISTORY).all()
    share = run.candidate.time.size / (run.candidate.time.size + (run.live.time >= HISTORY).sum())
    assert share == pytest.approx(0.25, abs=0.01)
    assert run.candidate.error.mean() == pytest.approx(0.05, rel=0.4)
    assert np.isnan(run.candidate.score).mean() == pytest.approx(0.02, rel=0.2)
    ratio = np.median(run.candidate.latency[~run.candidate.error]) / np.median(run.live.latency)
    assert ratio == pytest.approx(1.5, rel=0.05)
    assert draw(1, 50, 0.25, Change(traffic=20)).candidate.time.size == 20


def test_scenarios_have_names_of_their_own() -> None:
    assert len(BY_NAME) == len(SCENARIOS)


def steady(**changes: float) -> Minutes:
    values = {"requests": 100.0, "errors": 0.001, "p50": 0.07, "p99": 0.33, "score": 0.3} | changes
    wobble = 1 + 0.01 * np.sin(np.arange(MINUTES))
    return Minutes(*(values[name] * wobble for name in ("requests", "errors", "p50", "p99", "score")))


def test_practices_pass_a_good_candidate_and_fail_a_broken_one() -> None:
    for name, rule in practices.PRACTICES.items():
        assert rule(steady(), steady()).failed is None, name
        broken = rule(steady(), steady(errors=0.5, p99=2.0, p50=1.0))
        assert broken.failed is not None, name
        assert broken.failed <= 300


def test_practices_without_data_do_as_documented() -> None:
    silent = Minutes(np.zeros(MINUTES), *(np.full(MINUTES, np.nan) for _ in range(4)))
    said = {name: rule(steady(), silent).failed is None for name, rule in practices.PRACTICES.items()}
    assert said == {"CloudWatch alarms": True, "Flagger": False, "Argo Rollouts": False, "Kayenta": False}


def test_a_campaign_is_kept_reused_and_reported(tmp_path: Path) -> None:
    cells = [Cell(name, 50, 0.25, 2, 120, practices=True) for name in ("A/A", "errors .1 -> 5 %")]
    assert len(list(campaign.run(cells, Policy(), 1, 7, tmp_path / "runs"))) == 2
    assert not list(campaign.run(cells, Policy(), 1, 7, tmp_path / "runs"))
    assert len(list(campaign.run(cells, Policy(alpha=0.02), 1, 7, tmp_path / "runs"))) == 2
    table = report.write(tmp_path / "runs", tmp_path / "docs")
    row = next(line for line in table.splitlines() if "-> 5 % at 25 %" in line)
    seconds = [o["slipway"]["failed_requests"] for o in _outcomes(tmp_path / "runs", cells[1])]
    assert f"| {np.median(seconds):.3g} requests |" in row
    assert "not run" in table
    assert (tmp_path / "docs" / "judge-benchmark.md").read_text(encoding="utf-8").count("## ") == 3


def _outcomes(folder: Path, cell: Cell) -> list[dict]:
    return json.loads((folder / f"{cell.name}.json").read_text(encoding="utf-8"))["outcomes"]


@pytest.mark.long
@pytest.mark.sandbox
def test_plots_are_the_same_from_the_same_runs(tmp_path: Path) -> None:
    from bench.judge import plots  # loads matplotlib

    list(campaign.run([Cell("A/A", 50, 0.25, 2, 120, practices=True)], Policy(), 1, 7, tmp_path / "runs"))
    for name in ("one", "two"):
        plots.write(tmp_path / "runs", tmp_path / name)
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()
