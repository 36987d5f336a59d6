"""What the runs of judged rollouts come to: which bar is met, and the page of raw results."""

import argparse
import json

import pytest

from bench.rollout.judged.__main__ import asked
from bench.rollout.judged.report import lines, page
from bench.rollout.judged.rows import Run

ERRORS, TWINS, ABORTED = "5 % errors, judged", "the same bytes, 5 ms", "aborted"


def run(row, ended="reverted", gone=None, still=None):
    return Run(row, ended, 60.0, "", 3, 5000, gone, estimate=55.0, still=still)


@pytest.mark.parametrize(
    ("runs", "met"),
    [
        ([run(ERRORS, gone=9.0), run(ERRORS, gone=14.9), run(ERRORS, gone=40.0)], True),
        ([run(ERRORS, gone=9.0), run(ERRORS, gone=15.0), run(ERRORS, gone=40.0)], False),
        ([run(ERRORS, gone=9.0), run(ERRORS, ended="landed", gone=9.0)], False),
        ([run(ERRORS)], False),
        ([run(TWINS, ended="landed")], True),
        ([run(TWINS, ended="landed"), run(TWINS)], False),
        ([run(ABORTED, still=0.0), run(ABORTED, still=1.9)], True),
        ([run(ABORTED, still=0.0), run(ABORTED, still=2.0)], False),
        ([run("worse: score")], True),
        ([run("worse: score", ended="exit 4")], False),
        ([run("5 % errors, canary with alarms", gone=200.0)], None),
    ],
)
def test_a_row_meets_its_bar_or_misses_it(runs, met):
    [line] = lines(runs)
    assert line.met is met


def test_the_page_has_a_line_for_each_row_of_all_its_files(tmp_path):
    files = []
    for number, row in enumerate((ERRORS, TWINS)):
        files.append(tmp_path / f"{number}.json")
        runs = [run(row, ended="landed", gone=4.0).record()] * 2
        files[-1].write_text(json.dumps({"at": f"day {number}", "machine": {"cores": "2"}, "runs": runs}))
    found = page(files, 2)
    assert f"| {ERRORS} | 2 | landed | 4.0 (4.0 to 4.0) | 3 | 60 | 55 | missed |" in found
    assert f"| {TWINS} | 2 | landed |" in found
    assert "- day 0: cores 2\n- day 1: cores 2" in found


def test_rows_are_asked_for_with_or_without_their_number():
    assert asked("errors=3,worse") == {"errors": 3, "worse": 1}
    for wrong in ("", "errors,", "nothing=3", "errors=x"):
        with pytest.raises(argparse.ArgumentTypeError):
            asked(wrong)
