"""What a report says of a rollout is what its ledger and its verdicts say."""

from dataclasses import replace
from datetime import datetime

import pytest

from release.domain.ledger import Resumed
from release.domain.policy import Policy
from release.judge.questions import questions
from release.judge.reasons import _margin
from release.report.build import build
from release.report.report import Point
from release.report.watching import margin, thinned
from tests.release.examples import NEW, OLD


class TestTheEnd:
    @pytest.mark.parametrize(
        ("name", "outcome", "most"),
        [
            ("passed", "landed", 100),
            ("failed-errors", "reverted", 5),
            ("failed-latency", "reverted", 5),
            ("no-evidence", "reverted", 1),
            ("first", "landed", 100),
            ("canary", "landed", 100),
        ],
    )
    def test_how_it_ended_and_how_much_traffic_it_got(self, reported, name, outcome, most):
        found = reported(name)
        assert found.outcome == outcome
        assert max(share.percent for share in found.shares) == most
        assert found.shares[0].percent == 0
        assert found.shares[-1].percent == (100 if outcome == "landed" else 0)

    def test_why_it_was_taken_back(self, reported):
        assert reported("failed-errors").reason.startswith("the judge says FAIL: errors")
        assert reported("no-evidence").reason.startswith("held for 300 s without a PASS")

    def test_a_reason_is_told_once_and_every_verdict(self, reported):
        told = [(m.event, bool(m.says)) for m in reported("failed-errors").moments[-4:]]
        assert told == [("judged", True), ("reverting", True), ("restoring", False), ("reverted", False)]
        assert all(m.says for m in reported("passed").moments if m.event == "judged")

    def test_one_that_is_not_finished_stands_where_the_ledger_says(self, told):
        half = told("passed")
        found = build("prod", half.entries[:6], half.verdicts[:40], half.manifests)
        assert (found.outcome, found.stands_at, found.decided) == ("open", "verifying", ())
        assert found.ended == datetime.fromisoformat(half.verdicts[39]["at"])
        assert found.shares[-1].percent == 5

    def test_a_rollout_that_another_process_went_on_with(self, told):
        half = told("canary")
        again = half.entries[2].model_copy(update={"what": Resumed()})
        found = build("prod", [*half.entries[:3], again, *half.entries[3:]], [], {})
        assert found.outcome == "landed"
        assert [m.event for m in found.moments][3] == "resumed"


class TestWhatWasSeen:
    def test_the_last_verdict_is_what_is_told(self, told, reported):
        last = told("failed-latency").verdicts[-1]["verdict"]
        (watched,) = reported("failed-latency").watched
        assert (watched.decision, watched.because) == ("FAIL", last["because"])
        assert (watched.requests, watched.live_requests) == (last["requests"], last["live_requests"])
        by_name = {reason["metric"]: reason for reason in last["reasons"]}
        for metric in watched.metrics:
            assert metric.candidate == by_name[metric.name]["candidate"]
            assert metric.at_least == by_name[metric.name]["at_least"]
            assert metric.state == by_name[metric.name]["state"]

    def test_each_step_ended_with_a_verdict(self, reported):
        decided = reported("passed").decided
        assert [(found.share, found.decision) for found in decided] == [
            (5, "PASS"),
            (25, "PASS"),
            (50, "PASS"),
        ]

    def test_the_one_that_serves_alone_is_told_apart(self, told):
        found = told("passed")
        alone = [
            record | {"share": 100, "verdict": record["verdict"] | {"live_requests": 0}}
            for record in found.verdicts[-3:]
        ]
        report = build("prod", found.entries, [*found.verdicts, *alone], found.manifests)
        assert [(watched.alone, watched.verdicts) for watched in report.watched] == [
            (False, len(found.verdicts)),
            (True, 3),
        ]

    def test_without_verdicts_nothing_was_watched(self, reported):
        assert reported("canary").watched == ()

    def test_every_margin_of_the_judge_is_understood(self):
        """The margin is read from its words, so they have to be what the judge says today."""
        for question in questions(Policy()):
            assert margin(_margin(question)) == pytest.approx(question.plus, abs=1e-4)
        assert margin("fails when more than 1 % answered with a 5xx") is None


class TestThinning:
    POINT = Point(0.0, "errors", "undecided", 0.1, 0.1, -0.1, 0.2, 10)

    def test_a_long_rollout_keeps_its_ends(self, told, reported):
        (watched,) = reported("long").watched
        assert len(told("long").verdicts) > 450
        for metric in watched.metrics:
            assert 100 < len(metric.points) <= 400
            assert [p.at for p in metric.points] == sorted({p.at for p in metric.points})

    def test_every_turn_is_kept(self):
        points = [replace(self.POINT, at=float(i)) for i in range(1000)]
        points[500] = replace(points[500], state="within")
        kept = thinned(points, 20)
        assert points[500] in kept
        assert points[499] in kept
        assert (kept[0], kept[-1]) == (points[0], points[-1])
        assert len(kept) < 30

    def test_a_state_that_flickers_does_not_make_it_long(self):
        points = [
            replace(self.POINT, at=float(i), state="within" * (i % 2) or "undecided") for i in range(9999)
        ]
        assert len(thinned(points, 200)) < 320

    def test_few_are_all_kept(self):
        assert thinned([self.POINT] * 3, 3) == (self.POINT,) * 3


class TestWhatChanged:
    def test_both_releases_by_all_that_they_are(self, reported):
        rows = {d.what: d for d in reported("passed").differences}
        assert (rows["release"].before, rows["release"].after) == (OLD, NEW)
        assert rows["image"].changed
        assert rows["model"].changed
        assert (rows["measured: test auc"].before, rows["measured: test auc"].after) == ("0.7312", "0.7388")
        assert rows["source: git commit"].after == "9b5d07f"
        assert rows["inputs"].after == "new: weather"
        assert not rows["instance type"].changed

    def test_a_first_release_has_nothing_before(self, reported):
        found = reported("first")
        assert found.before is None
        assert {d.before for d in found.differences} == {"\N{EN DASH}"}

    def test_a_manifest_that_is_gone_is_said(self, told):
        found = told("canary")
        report = build("prod", found.entries, [], {NEW: found.manifests[NEW]})
        rows = {d.what: d for d in report.differences}
        assert rows["evidence"].before == "its manifest is not in the stage"
        assert rows["measured: test auc"].after == "0.7388"

    def test_the_gates_of_the_release(self, reported):
        assert reported("passed").gates == (("auc", True, "0.71 (bound 0.69)"),)
