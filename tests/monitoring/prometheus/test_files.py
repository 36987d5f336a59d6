"""What is written for Prometheus, Alertmanager and Grafana, and what their own checkers say of it."""

import argparse
import importlib
import json
import re
import subprocess

import pytest

from model.serving.telemetry.cells import CELLS
from model.serving.telemetry.exposition import SECONDS, ModelInfo, exposition
from monitoring.prometheus.dashboard import dashboard
from monitoring.prometheus.expressions import fast
from monitoring.prometheus.notifying import alertmanager_file
from monitoring.prometheus.recording import LONG, WINDOWS
from monitoring.prometheus.rules import SELDOM, rule_file
from monitoring.prometheus.scraping import Places, prometheus_file
from monitoring.prometheus.watched import LATENCY_BOUNDS, Pace, Watched, duration
from release.domain.monitoring import Objectives
from release.report.yaml_text import yaml_text
from tests.conftest import ROOT
from tests.monitoring.prometheus.tools import AMTOOL, PROMTOOL, ask, program

PACE = Pace()
OBJECTIVES = (
    Objectives(),
    Objectives(availability_percent=99.999, latency_ms=0.2, latency_percent=50),
    Objectives(availability_percent=50, latency_ms=60_000, latency_percent=99.99),
)
NAME = re.compile(r"\b(slipway_\w+|front_requests_total|slipway:[\w:]+|up|ALERTS)\b")
FROM_ELSEWHERE = {"front_requests_total", "up", "ALERTS"}
"""Of Prometheus itself, or of what stands before the containers."""


def named(expressions: list[str]) -> set[str]:
    """All metrics that are asked for; names of labels and functions are none."""
    return {name for text in expressions for name in NAME.findall(text)} - FROM_ELSEWHERE


def queries() -> list[str]:
    """All PromQL of the dashboard, its variables filled in."""
    found = [target["expr"] for panel in dashboard(PACE)["panels"] for target in panel["targets"]]
    return [text.replace("$stage", "prod").replace("$endpoint", "delays") for text in found]


def rules() -> list[dict]:
    groups = rule_file(Watched("prod", "delays", Objectives()), PACE)["groups"]
    return [rule for group in groups for rule in group["rules"]]


def _skip_without_kubernetes(folder):
    """Debian builds Prometheus without it."""
    alone = {"scrape_configs": [{"job_name": "pods", "kubernetes_sd_configs": [{"role": "pod"}]}]}
    (folder / "alone.yml").write_text(json.dumps(alone))
    command = [program(PROMTOOL), "check", "config", "alone.yml"]
    if subprocess.run(command, cwd=folder, capture_output=True, check=False).returncode:
        pytest.skip("this promtool was built without Kubernetes; that of make monitoring-tools was with it")


@pytest.mark.parametrize(("name", "kept"), [("prometheus", "tsdb.path"), ("alertmanager", "path")])
def test_the_page_starts_both_with_what_was_written_and_keeps_their_data_beside_it(name, kept):
    """Left out, Debian's read /etc/prometheus/ and write to /var/lib/prometheus/."""
    page = (ROOT / "docs/monitoring.md").read_text(encoding="utf-8").replace("\\\n", "")
    [started] = re.findall(rf"^(?:.* && )?{name} (--.*)$", page, re.MULTILINE)
    assert f"--config.file={name}.yml --storage.{kept}=data" in started


@pytest.mark.parametrize("targets", ["", "kubernetes", "http://127.0.0.1:4566/_sandbox/targets"])
def test_every_configuration_is_accepted(tmp_path, targets):
    (tmp_path / "rules").mkdir()
    places = Places(targets, "https://ingress.example:9113/metrics")
    names = [f"endpoint-{number}" for number in range(len(OBJECTIVES))]
    for name, objectives in zip(names, OBJECTIVES, strict=True):
        text = yaml_text("of a test", rule_file(Watched("prod", name, objectives), PACE))
        (tmp_path / "rules" / f"{name}.yml").write_text(text)
    written = prometheus_file("prod", names, places, PACE)
    (tmp_path / "prometheus.yml").write_text(yaml_text("of a test", written))
    if targets == "kubernetes":
        _skip_without_kubernetes(tmp_path)
    said = ask(PROMTOOL, "check", "config", "prometheus.yml", folder=tmp_path)
    assert said.count("rules found") == len(names)


def kept(pod: dict[str, str]) -> bool:
    """Whether the rules of relabelling leave a pod among the targets."""
    (job,) = prometheus_file("prod", ["delays"], Places("kubernetes"), PACE)["scrape_configs"]
    for rule in job["relabel_configs"]:
        found = ";".join(pod.get(name, "") for name in rule.get("source_labels", []))
        fits = re.fullmatch(rule.get("regex", ".*"), found) is not None
        if rule.get("action") in ("keep", "drop") and fits != (rule["action"] == "keep"):
            return False
    return True


def test_a_pod_that_has_ended_is_no_target():
    meta = "__meta_kubernetes_pod_"
    pod = {f"{meta}label_slipway_stage": "prod", f"{meta}label_slipway_endpoint": "delays"}
    pod |= {f"{meta}container_port_number": "8080"}
    phases = ("Pending", "Running", "Unknown", "Succeeded", "Failed")
    found = [phase for phase in phases if kept({**pod, f"{meta}phase": phase})]
    assert found == ["Pending", "Running", "Unknown"]


@pytest.mark.parametrize("webhook", ["", "https://example.org/hook"])
def test_alertmanager_accepts_who_is_told(tmp_path, webhook):
    (tmp_path / "alertmanager.yml").write_text(yaml_text("of a test", alertmanager_file(webhook, PACE)))
    ask(AMTOOL, "check-config", "alertmanager.yml", folder=tmp_path)


@pytest.mark.parametrize(("labels", "receiver"), [("severity=page", "pages"), ("severity=ticket", "tickets")])
def test_pages_and_tickets_go_separate_ways(tmp_path, labels, receiver):
    (tmp_path / "alertmanager.yml").write_text(yaml_text("of a test", alertmanager_file("", PACE)))
    command = ("config", "routes", "test", "--config.file=alertmanager.yml", labels)
    assert ask(AMTOOL, *command, folder=tmp_path).strip() == receiver


def test_every_query_of_the_dashboard_is_promql(tmp_path):
    recorded = [{"record": f"query:{number}", "expr": text} for number, text in enumerate(queries())]
    document = {"groups": [{"name": "dashboard", "rules": recorded}]}
    (tmp_path / "queries.yml").write_text(json.dumps(document))
    assert f"{len(recorded)} rules found" in ask(PROMTOOL, "check", "rules", "queries.yml", folder=tmp_path)


def test_every_metric_that_is_asked_for_is_told_by_the_server_or_recorded():
    told = exposition([[0] * CELLS], [ModelInfo("toys", "1", "abc")]).decode()
    exposed = set(re.findall(r"^(slipway_\w+)", told, re.MULTILINE))
    recorded = {rule["record"] for rule in rules() if "record" in rule}
    asked = named([*queries(), *(rule["expr"] for rule in rules())])
    assert asked - exposed - recorded == set()
    assert recorded - asked == set(), "recorded, and nobody asks for it"


def test_the_bounds_are_those_of_the_servers_histogram():
    assert LATENCY_BOUNDS == SECONDS


@pytest.mark.parametrize("bound", LATENCY_BOUNDS)
def test_an_objective_on_a_bound_asks_for_that_bucket_alone(bound):
    milliseconds = float(f"{bound * 1000:g}")
    asked = fast(Watched("prod", "delays", Objectives(latency_ms=milliseconds)), 300)
    assert re.findall(r'le="([^"]+)"', asked) == [repr(bound)]


@pytest.mark.parametrize("variant", ["live", "candidate"])
def test_the_next_step_of_every_alert_is_a_command_that_there_is(variant):
    said = {rule["annotations"]["next_step"] for rule in rules() if "alert" in rule}
    choice = re.compile(r"{{ if eq \$labels\.variant \"candidate\" }}(\w+){{ else }}(\w+){{ end }}")
    for text in said:
        chosen = choice.sub(r"\1" if variant == "candidate" else r"\2", text)
        slipway, verb, *arguments = chosen.replace("{{ $labels.variant }}", variant).split()
        parser = argparse.ArgumentParser()
        importlib.import_module(f"scripts.{verb}").COMMAND.arguments(parser)
        asked = vars(parser.parse_args(arguments))
        assert slipway == "./slipway"
        assert "prod" in (asked.get("stage"), *asked.get("stages", ()))


def test_an_alert_stands_after_all_that_is_recorded_for_it_in_its_group():
    *_, short = rule_file(Watched("prod", "delays", Objectives()), PACE)["groups"]
    kinds = ["alert" in rule for rule in short["rules"]]
    assert kinds == sorted(kinds)


def test_an_alert_is_told_of_in_under_two_evaluations():
    assert PACE.wait < PACE.seconds


def test_panels_do_not_overlap_and_every_one_has_a_title_of_its_own():
    panels = dashboard(PACE)["panels"]
    places = {(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in panels}
    titles = {panel["title"] for panel in panels}
    assert len(places) == len(titles) == len({panel["id"] for panel in panels}) == len(panels)


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.5, "500ms"), (1, "1s"), (90, "90s"), (300, "5m"), (86_400, "1d"), (0, "0ms")]
)
def test_durations(seconds, said):
    assert duration(seconds) == said


def test_long_windows_are_counted_often_enough_to_be_there_when_they_are_asked_for():
    assert SELDOM * PACE.seconds < 300, "Prometheus looks back five minutes for a value"
    assert {window for window in WINDOWS if window >= LONG} == {6 * 3600, 3 * 86_400}
