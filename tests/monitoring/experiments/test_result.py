"""What an experiment shows, from joined hours: the lift, its bounds at every look, and void shares."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from monitoring.experiments import report
from monitoring.experiments.joining import Hour, Joined, Troubles
from monitoring.experiments.planner import Design, Plan
from monitoring.experiments.report import Report
from monitoring.experiments.result import result
from release.domain.experiment import Compared, Experiment

BEGUN = datetime(2026, 11, 1, tzinfo=UTC)
DESIGN = Design(0.245, 0.02)


def hours(lift, count, an_hour, seed, share=0.5):
    """Hours of a known truth."""
    drawn = np.random.default_rng(seed)
    for number in range(count):
        candidate = int(drawn.binomial(an_hour, share))
        yes = int(drawn.binomial(candidate, 0.245 + lift)), int(drawn.binomial(an_hour - candidate, 0.245))
        yield Hour(BEGUN + timedelta(hours=number), (candidate, an_hour - candidate), yes, True, True)


def seen(*given, **changes):
    found = tuple(hours(*given, **changes))
    return result(DESIGN, Joined(found, Troubles()))


@pytest.mark.parametrize(("lift", "shows"), [(0.04, "better"), (-0.04, "worse"), (0.0, "undecided")])
def test_it_shows_what_is_so(lift, shows):
    found = seen(lift, 200, 100, 1)
    assert found.shows == shows
    assert found.low <= lift <= found.high
    assert found.lift == pytest.approx(lift, abs=0.02)
    assert (found.evidence >= found.needed) == (shows != "undecided")


def test_the_bounds_hold_at_all_looks_together():
    missed = 0
    for seed in range(12):
        found = [seen(0.02, count, 400, seed) for count in (5, 20, 60)]
        missed += any(not one.low <= 0.02 <= one.high for one in found)
        widths = [one.high - one.low for one in found]
        assert widths == sorted(widths, reverse=True), "what was excluded once stays excluded"
    assert missed <= 2


def test_more_keys_narrow_the_bounds():
    assert seen(0.02, 300, 400, 2).high - seen(0.02, 300, 400, 2).low < 0.03


def test_no_key_yet_is_undecided_and_knows_nothing():
    found = result(DESIGN, Joined((), Troubles()))
    assert (found.shows, found.low, found.high, found.looks) == ("undecided", -1.0, 1.0, 0)


def test_shares_that_are_wrong_void_whatever_the_outcomes_show():
    found = seen(0.04, 200, 100, 3, share=0.45)
    assert found.shows == "void"
    assert "is not 50 %" in report.sentence(found)


def test_hours_after_the_first_open_one_wait():
    closed = list(hours(0.04, 10, 100, 4))
    closed[6] = replace(closed[6], final=False)
    found = result(DESIGN, Joined(tuple(closed), Troubles()))
    assert (found.looks, sum(found.exposed), found.waits) == (6, 600, 400)


def test_no_share_is_proven_wrong_by_an_hour_of_which_files_are_still_to_come():
    """The file of one variant may lie there already, and that of the other may not."""
    closed = list(hours(0.0, 10, 100, 5))
    half = replace(closed[-1], exposed=(1_000, 0), final=False, whole=False)
    assert result(DESIGN, Joined((*closed[:-1], half), Troubles())).shows == "undecided"
    half = replace(half, whole=True)
    assert result(DESIGN, Joined((*closed[:-1], half), Troubles())).shows == "void"


def told(found, design=DESIGN):
    asked = Experiment(outcome="on_time", base=design.base, minimum=design.minimum)
    compared = Compared("3f2a9c01d4e7", "prod", "delays", "8" * 12, "7" * 12, asked, BEGUN)
    return Report(compared, Plan(14_000, 25_000, 15_000), found, BEGUN + timedelta(days=9))


class TestReport:
    @pytest.mark.parametrize(
        ("lift", "says"),
        [(0.04, "end it with --keep candidate"), (-0.04, "end it with --keep live"), (0.0, "Wait: ")],
    )
    def test_it_says_what_a_person_does_now(self, lift, says):
        assert says in report.next_step(told(seen(lift, 110, 100, 1)))

    def test_a_difference_that_cannot_matter_is_said_to_be_none(self):
        assert "less than what matters" in report.next_step(told(seen(0.0, 400, 400, 7)))

    def test_both_shapes_say_the_same_and_let_nothing_through(self):
        found = seen(0.04, 200, 100, 1)
        found.troubles.note("keys exposed to both variants", "<b>@x")
        text, page = report.markdown(told(found)), report.page(told(found))
        assert "better" in text
        assert report.sentence(found) in page
        for shape in (text, page):
            assert "<b>" not in shape
            assert "keys exposed to both variants" in shape
            assert "8" * 12 in shape
