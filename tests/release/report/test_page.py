"""The page: one file that loads nothing, well formed, with every number that matters; no text is markup."""

import re

import pytest

from release.report import charts
from release.report.build import build
from release.report.charts import Scale, nice, time_ticks, value_ticks
from release.report.page import html
from release.report.words import lasting, share
from tests.release.report.reading import Page
from tests.release.report.rollouts import HOSTILE, SCENES, START, opened, taken_back

MOST_BYTES = 300_000


@pytest.fixture(params=sorted(SCENES))
def page(request, reported):
    report = reported(request.param)
    text = html(report)
    return report, text, Page(text)


def test_it_is_one_file_that_loads_nothing(page):
    _, text, read = page
    assert not {tag for tag, _ in read.tags} & {"script", "link", "img", "iframe", "object", "base", "a"}
    assert not [attrs for _, attrs in read.tags if {"src", "href", "srcset"} & attrs.keys()]
    assert re.findall(r"https?:|url\(|@import|//[a-z]", text) == []
    (policy,) = [a for a in read.all("meta") if a.get("http-equiv") == "Content-Security-Policy"]
    assert policy["content"] == "default-src 'none'; style-src 'unsafe-inline'"


def test_it_stays_small(page):
    _, text, _ = page
    assert len(text.encode()) < MOST_BYTES


def test_every_picture_is_told_in_words(page):
    _, _, read = page
    assert read.all("svg")
    for attrs in read.all("svg"):
        assert attrs["role"] == "img"
        assert len(str(attrs["aria-label"])) > 20
    assert len(read.all("title")) == len(read.all("svg")) + 1
    assert read.all("html") == [{"lang": "en"}]
    assert [attrs["scope"] for attrs in read.all("th")]


def test_the_verdict_comes_first_and_the_numbers_are_there(page):
    report, _, read = page
    assert read.text.index(report.release) < 60
    for watched in report.watched:
        assert watched.because in read.text
        assert f"{watched.requests:,} requests of the candidate" in read.text
        for metric in watched.metrics:
            assert metric.name in read.text
            if metric.requests:
                assert share(metric.candidate) in read.text
                assert share(metric.live) in read.text
                assert metric.fails[1:] in read.text
    for difference in report.differences:
        assert difference.after in read.text
    assert lasting(report.seconds) in read.text


def test_no_number_of_a_picture_is_none(page):
    _, text, _ = page
    for drawn in re.findall(r' (?:d|x|width|style)="([^"]*)"', text):
        assert "nan" not in drawn
        assert "inf" not in drawn
        assert "None" not in drawn


def test_what_failed_comes_before_what_did_not(reported):
    read = Page(html(reported("failed-latency")))
    assert read.text.index("latency: far beyond") < read.text.index("errors undecided")


def test_no_evidence_is_said_and_never_a_number(reported):
    read = Page(html(reported("no-evidence")))
    assert read.text.count("No evidence. Missing evidence never passes.") == 4


def test_texts_of_a_release_and_of_people_stay_texts():
    told = opened("canary", git_commit=HOSTILE, author='"><svg onload=alert(1)>')
    told.phases("moving")
    told = taken_back(told, f"abort by {HOSTILE}", 0)
    read = Page(html(build(HOSTILE, told.entries, [], told.manifests)))
    assert not read.all("script")
    assert read.text.count("<script>alert(1)</script>") >= 4
    assert not [name for _, attrs in read.tags for name in attrs if name.startswith("on")]


def test_a_verdict_from_elsewhere_is_escaped_too(told):
    found = told("failed-errors")
    names = ("metric", "state", "says", "detail", "fails")
    changed = []
    for record in found.verdicts:
        reasons = [reason | dict.fromkeys(names, HOSTILE) for reason in record["verdict"]["reasons"]]
        verdict = record["verdict"] | {"reasons": reasons, "set_aside": {HOSTILE: 3}}
        changed.append(record | {"verdict": verdict})
    read = Page(html(build("prod", found.entries, changed, found.manifests)))
    assert not read.all("script")


def test_a_rollout_of_no_length_has_a_page(told):
    found = told("canary")
    Page(html(build("prod", found.entries[:1], [], {})))


class TestCharts:
    @pytest.mark.parametrize(
        ("low", "high", "ticks"),
        [(0, 1, [0, 0.5, 1]), (-0.3, 0.3, [-0.2, 0, 0.2]), (0.4, 0.45, [0.4, 0.42, 0.44])],
    )
    def test_labels_are_at_round_values(self, low, high, ticks):
        assert value_ticks(low, high) == pytest.approx(ticks)

    @pytest.mark.parametrize(("value", "round_"), [(0.03, 0.05), (1, 1), (1.1, 2), (7, 10), (0, 1)])
    def test_round_numbers(self, value, round_):
        assert nice(value) == pytest.approx(round_)

    def test_times_are_at_round_minutes(self):
        ticks = time_ticks(START, 0.0, 1200.0)
        assert [words for _, words in ticks] == ["09:15", "09:20", "09:25", "09:30"]
        assert [at for at, _ in ticks] == [149.0, 449.0, 749.0, 1049.0]

    def test_times_of_a_chart_that_begins_later_are_still_of_the_day(self):
        assert time_ticks(START, 149.0, 30.0)[0] == (149.0, "09:15:00")

    def test_what_lies_far_outside_is_drawn_just_outside(self):
        scale = Scale(0, 1, 100, flipped=True)
        assert (scale(0.25), scale(1e9), scale(-1e9)) == (75.0, -10.0, 110.0)

    def test_a_lonely_point_is_a_dot(self):
        line = charts.Line([[(1.0, 1.0)], [(2.0, 1.0), (3.0, 2.0)]], "line")
        drawn = "".join(charts._drawn(line, Scale(0, 4, 100), Scale(0, 4, 100)))
        assert drawn == '<path class="line" d="M50 25L75 50"/><path class="line dot" d="M25 25h0"/>'


def test_a_metric_that_changed_its_question_says_why_there_are_gaps(reported):
    (watched,) = reported("passed").watched
    assert any(p.question != m.question for m in watched.metrics for p in m.points if p.requests)
    assert "told more" in Page(html(reported("passed"))).text
