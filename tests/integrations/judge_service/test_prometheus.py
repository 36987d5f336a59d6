"""Counters that a real Prometheus holds, judged as windows are; the buckets are the container's own."""

import itertools
import json
import math
import subprocess
import sys
import time

import numpy as np
import pytest

from integrations.judge_service.asking import (
    SETTLED_SECONDS,
    Pods,
    Source,
    Unanswered,
    follow,
    matchers,
    minute,
)
from integrations.judge_service.keys import key_of
from integrations.judge_service.rollouts import Rollouts
from integrations.judge_service.scrapes import NoObjective, Scrape, thresholds, window
from model.serving.telemetry.exposition import SECONDS
from release.domain.policy import Policy
from release.judge import quiet
from release.judge.cells import PACE_BINS, PACE_SLOW
from release.judge.windows import parse
from tests.conftest import ROOT
from tests.integrations.judge_service.service import PATH, Service, running
from tests.monitoring.prometheus.running import monitoring
from tests.monitoring.prometheus.tools import PROMTOOL, ask

KEY = key_of("serving", "delays", "6f64645fd5")
OBJECTIVE = 0.5
MINUTES = 14
RATES = {"delays-5d9f-a": 3000, "delays-5d9f-b": 3000, "delays-6f64645fd5-c": 3000}
"""Requests a minute of each pod; the last is the candidate's."""
POLICY = Policy(min_seconds=300, min_requests=50).by_invocations()


class TestThresholds:
    @pytest.mark.parametrize("objective", [each for each in SECONDS if each >= 0.01])
    def test_lie_as_far_apart_as_the_judge_tolerates_and_fit_its_axis(self, objective):
        found = thresholds(SECONDS, objective)
        assert set(found) <= set(SECONDS)
        for low, high in itertools.pairwise(found):
            assert high >= low * 1.2499
            assert high - low >= 0.0199 * objective
        assert found.index(objective) < PACE_SLOW
        assert len(found) - found.index(objective) <= PACE_BINS - PACE_SLOW

    def test_an_objective_that_is_no_bucket_is_refused(self):
        with pytest.raises(NoObjective, match=r"0\.45 s, is none of the buckets"):
            thresholds(SECONDS, 0.45)


def test_a_minute_is_what_the_counters_grew_by_also_where_one_began_anew():
    def scrape(ok, bad, below, slow):
        buckets = {("a", "0.25"): below, ("a", "0.5"): ok - slow, ("a", "+Inf"): ok}
        return Scrape({("a", "200"): ok, ("a", "500"): bad}, buckets)

    grown = window("live", 120.0, scrape(100, 2, 50, 10), scrape(160, 5, 90, 15), OBJECTIVE)
    assert grown["service"] == {"requests": 63, "errors": 3}
    assert grown["pace"] == {"bins": [18, 19, 20], "counts": [40, 15, 5]}
    assert parse(grown).variant == "live"
    anew = window("live", 120.0, scrape(100, 2, 50, 10), scrape(30, 1, 20, 0), OBJECTIVE)
    assert anew["service"] == {"requests": 31, "errors": 1}


def test_pods_are_told_apart_by_whose_they_are():
    argo, flagger = (matchers(KEY, pods) for pods in (Pods.ARGO, Pods.FLAGGER))
    assert argo["candidate"] == 'namespace="serving",pod=~"delays-6f64645fd5-.+"'
    assert flagger["live"] == 'namespace="serving",pod=~"delays-primary-.+"'
    assert flagger["candidate"].endswith('pod!~"delays-primary-.+"')


def history(end, slower):
    """What Prometheus would have scraped every 15 s, in OpenMetrics' words."""
    requests, buckets = [], []
    for pod, rate in RATES.items():
        rng = np.random.default_rng(len(pod))
        labels = f'namespace="serving",pod="{pod}"'
        seen = np.zeros(0)
        for at in np.arange(end - 60 * MINUTES, end + 1, 15):
            factor = slower if KEY.checksum in pod else 1.0
            requests += [
                f'slipway_requests_total{{{labels},path="invocations",status="{status}"}} {count} {at:.0f}'
                for status, count in (("200", seen.size), ("500", seen.size // 2000))
            ]
            buckets += [
                f'slipway_request_seconds_bucket{{{labels},le="{le}"}} {(seen < float(le)).sum()} {at:.0f}'
                for le in (*map(repr, SECONDS), "+Inf")
            ]
            seen = np.append(seen, factor * 0.07 * np.exp(0.4 * rng.normal(size=rate // 4)))
    heads = ("# TYPE slipway_requests counter", "# TYPE slipway_request_seconds histogram")
    return "\n".join([heads[0], *requests, heads[1], *buckets, "# EOF\n"])


class Over(Exception):
    """The time that a test follows Prometheus for is over."""


class Clock:
    """A clock that whoever sleeps moves on, for some minutes; a sleep may take longer than it was told."""

    def __init__(self, now, minutes, late=0.0):
        self.now, self.minutes, self.late = now, minutes, late

    def sleep(self, seconds):
        if self.minutes == 0:
            raise Over
        self.now += seconds + self.late
        self.minutes -= 1

    def follow(self, source, rollouts):
        with pytest.raises(Over):
            follow(source, rollouts, lambda: self.now, self.sleep)


def kept(rollout):
    """The minutes of which there is evidence, by variant, in the order in which they came."""
    windows = [json.loads(line) for line in rollout.file.read_text().splitlines()]
    return {
        variant: [each["end"] for each in windows if each["variant"] == variant]
        for variant in ("live", "candidate")
    }


@pytest.fixture(scope="class")
def prometheus(tmp_path_factory):
    """A real Prometheus with counters until a whole minute: its address, and that minute."""
    folder, end = tmp_path_factory.mktemp("prometheus"), math.floor(time.time() / 60) * 60.0
    (folder / "history.txt").write_text(history(end, 1.0))
    (folder / "prometheus.yml").write_text("scrape_configs: []\n")
    arguments = ("tsdb", "create-blocks-from", "openmetrics", "history.txt", "data/prometheus")
    ask(PROMTOOL, *arguments, folder=folder)
    with monitoring(folder, folder / "data") as running_one:
        yield running_one.url, end


@pytest.mark.sandbox
class TestEveryMinute:
    @pytest.mark.parametrize("late", [0.0, 100.0], ids=["in time", "always late"])
    def test_is_read_once_and_in_order_however_late(self, prometheus, tmp_path, late):
        address, end = prometheus
        rollouts = Rollouts(tmp_path / "kept", POLICY)
        rollout = rollouts.opened(KEY)
        clock = Clock(end - 60 * MINUTES + 7, MINUTES, late)
        clock.follow(Source(address, Pods.ARGO, OBJECTIVE), rollouts)
        wanted = [end - 60 * (MINUTES - index) for index in range(1, MINUTES + 1)]
        assert kept(rollout) == {"live": wanted, "candidate": wanted}
        assert rollouts.ask(KEY, end).decision.value == "PASS"
        if not late:
            assert clock.now == end + SETTLED_SECONDS

    def test_that_cannot_be_read_is_told_and_missing_and_the_next_one_is_asked_for(self, tmp_path, capsys):
        rollouts = Rollouts(tmp_path / "kept", POLICY)
        rollout = rollouts.opened(KEY)
        Clock(0.0, 2).follow(Source("http://127.0.0.1:9", Pods.ARGO, OBJECTIVE), rollouts)
        assert kept(rollout) == {"live": [], "candidate": []}
        told = capsys.readouterr().err.splitlines()
        assert len(told) == 2
        assert all(line.startswith("evidence is missing: delays: http://127.0.0.1:9") for line in told)


@pytest.mark.long
@pytest.mark.sandbox
def test_the_process_follows_the_prometheus_that_it_was_told(tmp_path):
    words = ["--folder", tmp_path / "kept", "--port", "0", "--prometheus", "http://127.0.0.1:9"]
    command = [sys.executable, "-m", "integrations.judge_service", *map(str, words)]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        assert process.stderr
        Service(int(process.stdout.readline().partition(",")[0].rpartition(":")[2])).argo("abc")
        told = process.stderr.readline()
        process.terminate()
    assert told.startswith("evidence is missing: delays: http://127.0.0.1:9")


@pytest.mark.sandbox
@pytest.mark.parametrize(("slower", "said"), [(1.0, "PASS"), (3.0, "FAIL")])
def test_a_real_prometheus_is_evidence(tmp_path, slower, said):
    end = math.floor(time.time() / 60) * 60.0
    (tmp_path / "history.txt").write_text(history(end, slower))
    (tmp_path / "prometheus.yml").write_text("scrape_configs: []\n")
    arguments = ("tsdb", "create-blocks-from", "openmetrics", "history.txt", "data/prometheus")
    ask(PROMTOOL, *arguments, folder=tmp_path)
    with monitoring(tmp_path, tmp_path / "data") as prometheus, running(tmp_path / "kept", POLICY) as service:
        source = Source(prometheus.url, Pods.ARGO, OBJECTIVE)
        for index in range(1, MINUTES + 1):
            lines = minute(source, KEY, end - 60 * (MINUTES - index))
            assert service.post([lines], KEY.checksum).told["kept"] == 2
        [live, candidate] = (json.loads(line) for line in lines.splitlines())
        assert (live["service"]["requests"], candidate["service"]["requests"]) == (6004, 3002)
        service.post([quiet.line(1.0)])
        told = service.call("GET", f"/argo/{PATH}/{KEY.checksum}").told
    assert told["decision"] == said, told["because"]


def test_a_prometheus_that_does_not_answer_is_no_evidence():
    with pytest.raises(Unanswered):
        minute(Source("http://127.0.0.1:9", Pods.ARGO, OBJECTIVE), KEY, 60.0)
