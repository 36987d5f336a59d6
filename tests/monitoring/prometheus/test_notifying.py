"""Who is told, by a real Alertmanager that is sent alerts: one fault pages once."""

import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from monitoring.prometheus.alerting import ALL_DOWN, ERROR_BURN, LATENCY_BURN
from monitoring.prometheus.notifying import alertmanager_file
from monitoring.prometheus.watched import Pace
from release.report.yaml_text import yaml_text
from sandbox.processes.ports import free_port
from tests.end_to_end.world import wait_until
from tests.monitoring.prometheus.running import HOST, Subscriber, alerting, subscriber

PACE = Pace(0.6)
Alert = tuple[str, str, str]
"""Name, variant, severity."""


class Alertmanager:
    """A running one, and who is told by it."""

    def __init__(self, url: str, heard: Subscriber) -> None:
        self._url, self.heard = f"{url}/api/v2/alerts", heard

    def send(self, *alerts: Alert, endpoint: str = "delays") -> None:
        """What a Prometheus sends when these ring."""
        names = ("alertname", "variant", "severity")
        labels = [
            {"stage": "prod", "endpoint": endpoint, **dict(zip(names, each, strict=True))} for each in alerts
        ]
        body = json.dumps([{"labels": each} for each in labels]).encode()
        self._ask(urllib.request.Request(self._url, body, {"Content-Type": "application/json"}))  # noqa: S310

    def silent(self) -> set[Alert]:
        """Those that nobody is told of, as another says all of it."""
        return {_alert(each) for each in self._ask(self._url) if each["status"]["inhibitedBy"]}

    def _ask(self, request: Any) -> Any:
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            return json.loads(answer.read() or b"null")


def _alert(told: dict[str, Any]) -> Alert:
    labels = told["labels"]
    return labels["alertname"], labels["variant"], labels["severity"]


@pytest.fixture
def alertmanager(tmp_path: Path) -> Iterator[Alertmanager]:
    address = f"{HOST}:{free_port()}"
    with subscriber() as heard:
        (tmp_path / "alertmanager.yml").write_text(yaml_text("of a test", alertmanager_file(heard.url, PACE)))
        with alerting(tmp_path, tmp_path / "data", address):
            yield Alertmanager(f"http://{address}", heard)


@pytest.mark.sandbox
def test_an_outage_is_one_notification_of_what_callers_notice(alertmanager):
    page = (ERROR_BURN, "live", "page")
    besides = {
        (ERROR_BURN, "live", "ticket"),
        (LATENCY_BURN, "live", "page"),
        (ALL_DOWN, "live", "page"),
        ("SlipwayWorkersRestart", "live", "ticket"),
    }
    alertmanager.send(page, *sorted(besides))
    wait_until(lambda: alertmanager.heard.told, "a notification")
    wait_until(lambda: alertmanager.silent() == besides, "the others' silence")
    ((_, told),) = alertmanager.heard.told
    assert [_alert(each) for each in told["alerts"]] == [page]


@pytest.mark.sandbox
def test_what_is_wrong_with_a_candidate_and_with_live_is_told_together(alertmanager):
    pages = {(ERROR_BURN, "live", "page"), (LATENCY_BURN, "candidate", "page")}
    alertmanager.send(*sorted(pages))
    alertmanager.send(("SlipwayNoTraffic", "live", "ticket"), endpoint="other")
    wait_until(lambda: alertmanager.heard.told, "a notification")
    ((_, told),) = alertmanager.heard.told
    assert {_alert(each) for each in told["alerts"]} == pages
    assert alertmanager.silent() == set()
