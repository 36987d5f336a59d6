"""Counters that a real Prometheus holds, judged as windows are; the buckets are the container's own."""

import itertools
import json
import math
import re
import socketserver
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

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
    minute_after,
)
from integrations.judge_service.keys import key_of
from integrations.judge_service.rollouts import Rollouts
from integrations.judge_service.scrapes import NoObjective, Scrape, shared, thresholds, window
from model.serving.telemetry.exposition import SECONDS
from release.domain.policy import Policy
from release.judge import quiet
from release.judge.cells import PACE_BINS, PACE_SLOW
from release.judge.windows import parse
from tests.conftest import ROOT
from tests.integrations.judge_service.service import PATH, Service, running, serving
from tests.monitoring.prometheus.running import monitoring
from tests.monitoring.prometheus.tools import PROMTOOL, ask

KEY = key_of("serving", "delays", "6f64645fd5")
OBJECTIVE = 0.5
MINUTES = 14
RATES = {"delays-5d9f-aaaaa": 3000, "delays-5d9f-bbbbb": 3000, "delays-6f64645fd5-ccccc": 3000}
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

    def counted(before, after):
        return window("live", 120.0, before, after, OBJECTIVE, shared([after]))

    grown = counted(scrape(100, 2, 50, 10), scrape(160, 5, 90, 15))
    assert grown["service"] == {"requests": 63, "errors": 3}
    assert grown["pace"] == {"bins": [18, 19, 20], "counts": [40, 15, 5]}
    assert parse(grown).variant == "live"
    anew = counted(scrape(100, 2, 50, 10), scrape(30, 1, 20, 0))
    assert anew["service"] == {"requests": 31, "errors": 1}


@pytest.mark.parametrize(
    ("before", "after", "started", "requests"),
    [
        ({}, {"200": 1_000_000}, 0.0, 0),
        ({}, {"200": 40, "500": 2}, 61.0, 42),
        ({"200": 10}, {"200": 40, "500": 2}, 0.0, 32),
        ({"200": 10}, {"200": 40}, 61.0, 40),
        ({"200": 10}, {}, 0.0, 0),
    ],
    ids=["unknown before", "new", "an error's first", "began anew and came further", "gone"],
)
def test_a_pods_history_is_no_minutes_evidence(before, after, started, requests):
    def scrape(counters, started):
        by_pod = {("a", status): float(count) for status, count in counters.items()}
        return Scrape(by_pod, {("a", le): by_pod.get(("a", "200"), 0.0) for le in ("0.5", "+Inf")}, started)

    new, old = scrape(after, {"a": started}), scrape(before, {})
    found = window("live", 120.0, old, new, OBJECTIVE, shared([new]))
    assert found["service"]["requests"] == requests


def test_releases_with_other_buckets_are_compared_by_those_that_both_have():
    def scrape(pod, *bounds):
        return Scrape({}, {(pod, le): 1.0 for le in bounds})

    assert shared([scrape("a", "0.25", "0.5", "+Inf"), scrape("b", "0.5", "1.0", "+Inf")]) == {0.5, math.inf}
    assert shared([scrape("a")]) == set()


@pytest.mark.parametrize(
    ("pod", "argo", "flagger"),
    [
        ("web-6f64645fd5-x2b4z", "candidate", "candidate"),
        ("web-5d9f-x2b4z", "live", "candidate"),
        ("web-primary-5d9f-x2b4z", None, "live"),
        ("web-api-5d9f-x2b4z", None, None),
        ("web-api-6f64645fd5-x2b4z", None, None),
        ("web-6f64645fd5-api-5d9f-x2b4z", None, None),
        ("my-web-5d9f-x2b4z", None, None),
        ("webb5d9f-x2b4z", None, None),
    ],
)
def test_pods_are_told_apart_by_whose_they_are(pod, argo, flagger):
    for pods, wanted in ((Pods.ARGO, argo), (Pods.FLAGGER, flagger)):
        found = matchers(key_of("serving", "web", "6f64645fd5"), pods)
        assert [variant for variant, each in found.items() if selects(each, pod)] == [wanted] * bool(wanted)
        assert all(each.startswith('namespace="serving",') for each in found.values())


def test_a_dot_in_a_name_is_a_dot():
    [live, candidate] = matchers(key_of("serving", "w.b", "6.5"), Pods.ARGO).values()
    assert selects(candidate, "w.b-6.5-x2b4z")
    assert not any(selects(each, pod) for each in (live, candidate) for pod in ("wxb-6.5-x2b4z", "w.b-6x5"))


def selects(matcher, pod):
    """Whether Prometheus' matchers take a pod; it anchors every expression."""
    found = re.findall(r'pod(=~|!~)"([^"]+)"', matcher)
    return all(bool(re.fullmatch(expression, pod)) == (how == "=~") for how, expression in found)


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


@contextmanager
def listening(handler):
    """A server on a free port with this handler, until the block ends: its address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()


EMPTY = b'{"data": {"result": []}}'


def answered(body, head=b"HTTP/1.1 200 OK\r\nConnection: close\r\n"):
    return head + b"Content-Length: %d\r\n\r\n%s" % (len(body), body)


@pytest.mark.parametrize(
    "broken",
    [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n40\r\n{\r\n",
        b"garbage\r\n\r\n",
        b"",
        answered(b"[" * 100_000),
        answered(b'{"data": {"result": [{"metric": {}, "value": []}]}}'),
        answered(b'{"data": {"result": [{"metric": {"le": "x"}, "value": [0, "1"]}]}}'),
    ],
    ids=["ends mid-chunk", "garbage", "nothing", "nested", "no value", "no bucket"],
)
def test_a_broken_answer_ends_nothing_and_is_told(tmp_path, capsys, broken):
    class Prometheus(socketserver.StreamRequestHandler):
        def handle(self):
            asked = self.rfile.readline()
            self.wfile.write(broken if b"%22broken%22" in asked else answered(EMPTY))

    rollouts = Rollouts(tmp_path / "kept", POLICY)
    before, _, after = (rollouts.opened(key_of(name, "delays", "abc")) for name in ("a", "broken", "z"))
    with listening(Prometheus) as address, serving(rollouts) as service:
        Clock(0.0, 3).follow(Source(address, Pods.ARGO, OBJECTIVE), rollouts)
        healthy, text = (service.call("GET", path).told for path in ("/healthz", "/metrics"))
    wanted = [60.0, 120.0, 180.0]
    assert [kept(rollout) for rollout in (before, after)] == [{"live": wanted, "candidate": wanted}] * 2
    assert len(capsys.readouterr().err.splitlines()) == 3
    assert list(healthy["evidence_missing"]) == ["broken/delays"]
    for name, value in (("a", 0), ("broken", 1), ("z", 0)):
        assert f'slipway_judge_evidence_missing{{namespace="{name}",name="delays"}} {value}\n' in text


@pytest.mark.parametrize(
    ("end", "now", "wanted"),
    [(600.0, 625.0, 660.0), (600.0, 790.0, 660.0), (600.0, 86_400.0, 82_800.0), (86_400.0, 625.0, 660.0)],
    ids=["in time", "late", "the clock was set on", "the clock was set back"],
)
def test_a_clock_that_is_set_costs_neither_hours_of_silence_nor_days_of_questions(end, now, wanted):
    assert minute_after(end, now) == wanted


def scraped(counters):
    """`/metrics` of pods by their number of requests and when they started."""
    lines = []
    for pod, (count, started) in counters.items():
        labels = f'namespace="serving",pod="{pod}"'
        lines += [
            f'slipway_requests_total{{{labels},path="invocations",status="200"}} {count}',
            *(f'slipway_request_seconds_bucket{{{labels},le="{le}"}} {count}' for le in ("0.5", "+Inf")),
            f'slipway_worker_start_time_seconds{{{labels},worker="0"}} {started}',
        ]
    return "".join(f"{line}\n" for line in lines).encode()


@pytest.mark.sandbox
def test_a_missed_scrape_makes_no_history_a_minutes_evidence(tmp_path):
    body = scraped({"delays-5d9f-aaaaa": (1_000_000, 0), "delays-5d9f-ddddd": (500, 0)})

    class Exporter(BaseHTTPRequestHandler):
        def do_GET(self):
            self.wfile.write(answered(body) if body else b"HTTP/1.1 503 No\r\n\r\n")

    def until(ready):
        deadline = time.monotonic() + 60
        while not (value := ready()):
            assert time.monotonic() < deadline
            time.sleep(0.1)
        return value

    with listening(Exporter) as address:
        config = (
            "scrape_configs: [{job_name: pods, honor_labels: true, scrape_interval: 1s, scrape_timeout: 1s, "
            f"static_configs: [{{targets: ['{address.removeprefix('http://')}']}}]}}]\n"
        )
        (tmp_path / "prometheus.yml").write_text(config)
        with monitoring(tmp_path, tmp_path / "data") as prometheus:

            def value(pod, at):
                found = prometheus.ask(f'slipway_requests_total{{pod="{pod}"}} @ {at}')
                return found and float(found[0]["value"][1])

            until(lambda: value("delays-5d9f-ddddd", time.time()) == 500)
            body = b""
            missed = until(lambda: not value("delays-5d9f-aaaaa", now := time.time()) and now)
            body = scraped({"delays-5d9f-aaaaa": (1_000_010, 0), "delays-5d9f-ddddd": (507, 0)})
            until(lambda: value("delays-5d9f-ddddd", time.time()) == 507)
            body = scraped(
                {
                    "delays-5d9f-aaaaa": (1_000_060, 0),
                    "delays-5d9f-nnnnn": (30, missed + 1),
                    "delays-5d9f-uuuuu": (2_000_000, missed - 3600),
                }
            )
            until(lambda: value("delays-5d9f-uuuuu", time.time()) == 2_000_000)
            [live, _] = minute(Source(prometheus.url, Pods.ARGO, OBJECTIVE), KEY, missed + 60).splitlines()
    assert json.loads(live)["service"] == {"requests": 60 + 7 + 30, "errors": 0}


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
        service.argo(KEY.checksum)
        source = Source(prometheus.url, Pods.ARGO, OBJECTIVE)
        for index in range(1, MINUTES + 1):
            lines = minute(source, KEY, end - 60 * (MINUTES - index))
            assert service.post([lines]).told["kept"] == 2
        [live, candidate] = (json.loads(line) for line in lines.splitlines())
        assert (live["service"]["requests"], candidate["service"]["requests"]) == (6004, 3002)
        service.post([quiet.line(1.0)])
        told = service.call("GET", f"/argo/{PATH}/{KEY.checksum}").told
    assert told["decision"] == said, told["because"]


def test_a_prometheus_that_does_not_answer_is_no_evidence():
    with pytest.raises(Unanswered):
        minute(Source("http://127.0.0.1:9", Pods.ARGO, OBJECTIVE), KEY, 60.0)
