"""Off AWS, for real: Prometheus scrapes an endpoint's server, a fault rings, Alertmanager tells a subscriber.

The commands, the inference server, Prometheus and Alertmanager are those that everybody runs. The rules are
as they are written for a stage; only what happens every 15 seconds happens every few.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest

from demo.project import tell
from monitoring.prometheus import expressions
from monitoring.prometheus.alerting import ERROR_BURN
from monitoring.prometheus.watched import Watched
from release.domain import names
from release.domain.burn_rates import BURN_ALERTS, HOUR, LEAST_BAD
from release.domain.monitoring import Objectives
from sandbox.processes.ports import free_port
from tests.end_to_end.world import World, wait_until
from tests.monitoring.prometheus.running import HOST, Monitor, Subscriber, alerting, monitoring, subscriber
from tests.monitoring.prometheus.test_files import queries

pytestmark = [pytest.mark.sandbox, pytest.mark.long]

STAGE, ENDPOINT = "dev", "delays"
EVERY = 3
"""Seconds between two scrapes and two evaluations."""
WATCHED = Watched(STAGE, ENDPOINT, Objectives())


@dataclass
class Watching:
    """An endpoint that serves, and who watches it."""

    world: World
    monitor: Monitor
    subscriber: Subscriber
    body: str

    def call(self, times: int) -> list[int]:
        """Requests to the endpoint, one after the other; the statuses of the answers."""
        address = urlsplit(self.world.sandbox.endpoint_url)
        connection = HTTPConnection(address.hostname or HOST, address.port, timeout=60)
        found = []
        for _ in range(times):
            path = f"/endpoints/{names.endpoint(ENDPOINT, STAGE)}/invocations"
            connection.request("POST", path, self.body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            answer.read()
            found.append(answer.status)
        connection.close()
        return found

    def sees(self, query: str) -> bool:
        """Whether a query has a result now."""
        return bool(self.monitor.ask(query))


@pytest.fixture(scope="module")
def watching(world, trained, tmp_path_factory) -> Iterator[Watching]:
    """A released endpoint, and Prometheus and Alertmanager with what `./slipway prometheus` wrote.

    The stage, whose own file wants to be told of nothing, is told here.
    """
    tell(world.project, STAGE, "pages and tickets")
    world.slipway("release", "--model", str(trained["logistic"]))
    ports, folder = world.ports(STAGE), tmp_path_factory.mktemp("monitoring")
    pin = world.endpoint(STAGE).live
    golden, _ = ports.artifacts.golden(ports.artifacts.manifest(pin.release))
    request = next(each for each in golden.requests if each.content_type == "application/json")
    url, alertmanager = world.sandbox.endpoint_url, f"{HOST}:{free_port()}"
    with subscriber() as heard:
        places = ("--targets", f"{url}/_sandbox/targets", "--front", f"{url}/_sandbox/metrics")
        told = ("--alertmanager", alertmanager, "--webhook", heard.url, "--every", str(EVERY))
        world.slipway("prometheus", STAGE, "--to", str(folder / "files"), *places, *told)
        data = folder / "data"
        with alerting(folder / "files", data, alertmanager), monitoring(folder / "files", data) as monitor:
            found = Watching(world, monitor, heard, request.body)
            wait_until(lambda: found.sees('up{job="slipway"} == 1'), "a scrape of the server")
            wait_until(lambda: found.sees("front_requests_total"), "a scrape of the front")
            yield found


def condition_held(watching: Watching, since: float) -> float:
    """When what was scraped first showed that the budget burns too fast, whoever evaluated it when."""
    fast = next(alert for alert in BURN_ALERTS if alert.name == "fast")
    assert fast.long == HOUR
    bad, all_ = expressions.errors(WATCHED, fast.long), expressions.requests(WATCHED, fast.long)
    bound = fast.bound(WATCHED.objectives.availability_percent)
    query = f"({bad}) / ({all_}) > {bound} and ({bad}) >= {LEAST_BAD}"
    found = watching.monitor.ask(query, start=since, end=time.time(), step=0.05)
    return min(float(series["values"][0][0]) for series in found)


def test_an_endpoint_that_fails_is_told_of_once_soon_and_readably_and_when_it_is_over(watching):
    assert set(watching.call(60)) == {200}
    since, fault = time.time(), {"endpoint": names.endpoint(ENDPOINT, STAGE), "status": 500}
    watching.world.sandbox.faults("invoke_errors", **fault)
    assert set(watching.call(20)) != {200}
    wait_until(lambda: watching.subscriber.told, "a notification")
    at, told = watching.subscriber.told[0]
    assert 0 <= at - condition_held(watching, since) < 2 * EVERY
    (alert,) = told["alerts"]
    labels = {"severity": "page", "stage": STAGE, "endpoint": ENDPOINT, "variant": "live"}
    assert alert["labels"] == labels | {"alertname": ERROR_BURN}
    assert alert["annotations"]["summary"].startswith(f"{ENDPOINT} in {STAGE}: the live release fails ")
    assert alert["annotations"]["next_step"] == f"./slipway doctor {STAGE} --endpoint {ENDPOINT}"
    watching.world.sandbox.clear_faults()
    wait_until(lambda: watching.call(50) and len(watching.subscriber.told) > 1, "the end of the alert")
    assert [each["status"] for _, each in watching.subscriber.told] == ["firing", "resolved"]


def test_every_query_of_the_dashboard_has_an_answer(watching):
    """But those of a candidate, which there is not, and of alerts, where none rings."""
    watching.call(20)
    shown = [query.replace('stage="prod"', f'stage="{STAGE}"') for query in queries()]
    without = [query for query in shown if "slipway:scores:apart1h" in query or "ALERTS" in query]

    def unanswered() -> list[str]:
        return [query for query in shown if not watching.monitor.ask(query)]

    wait_until(lambda: set(unanswered()) <= set(without), "the long windows")


def test_a_server_that_crashes_is_told_of_although_it_counts_nothing_itself(watching):
    watching.subscriber.told.clear()
    fault = {"endpoint": names.endpoint(ENDPOINT, STAGE), "requests": 1, "count": 0}
    watching.world.sandbox.faults("crash_after", **fault)
    assert 200 not in watching.call(200)
    wait_until(lambda: watching.subscriber.told, "a notification")
    (_, told), *_ = watching.subscriber.told
    assert {alert["labels"]["alertname"] for alert in told["alerts"]} == {ERROR_BURN}
    of_callers = (expressions.INFERENCE, 'status=~"5.."')  # pings get 503 while the next one loads
    counted = expressions.gained(expressions.REQUESTS, WATCHED, HOUR, *of_callers)
    assert [float(each["value"][1]) for each in watching.monitor.ask(counted)] == [0]
