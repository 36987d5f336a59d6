"""A life of an endpoint as generated series, and which alerts ring in it by Prometheus's tests of rules."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from monitoring.prometheus.rules import rule_file
from monitoring.prometheus.watched import Pace, Watched, duration, matchers
from release.domain.monitoring import Objectives
from release.report.yaml_text import yaml_text
from tests.monitoring.prometheus.tools import PROMTOOL, ask

STEP = 15
"""Seconds between two samples and two evaluations, as they are by default."""
MINUTE, HOUR = 60 // STEP, 3600 // STEP
"""In samples."""
WATCHED = Watched("prod", "delays", Objectives())

Ringing = tuple[str, str, str]
"""An alert by name, variant and severity."""


@dataclass
class Life:
    """Series by metric and labels: what each gains at every step, phase by phase."""

    gauges: dict[str, list[tuple[float, int]]] = field(default_factory=dict)
    counters: dict[str, list[tuple[float, int]]] = field(default_factory=dict)

    def counts(self, metric: str, *phases: tuple[float, int], variant: str = "live", **labels: str) -> "Life":
        """A counter that gains so much at each of so many steps, and then the next phase."""
        self.counters[_name(metric, variant, labels)] = list(phases)
        return self

    def shows(self, metric: str, *phases: tuple[float, int], variant: str = "live", **labels: str) -> "Life":
        """A gauge that has a value for so many steps, and then the next."""
        self.gauges[_name(metric, variant, labels)] = list(phases)
        return self

    def answered(
        self, *phases: tuple[float, float, int], variant: str = "live", path: str = "invocations"
    ) -> "Life":
        """Requests by phases of good ones, failed ones and steps; the container is there and counts them."""
        self.shows("up", (1, sum(steps for *_, steps in phases)), variant=variant, job="slipway")
        for status, index in (("200", 0), ("500", 1)):
            gains = [(phase[index], phase[2]) for phase in phases]
            self.counts("slipway_requests_total", *gains, variant=variant, path=path, status=status)
        return self

    def series(self) -> list[dict[str, str]]:
        """As promtool reads them."""
        found = []
        for name, phases in self.gauges.items():
            values = " ".join(f"{value:g}x{steps - 1}" for value, steps in phases)
            found.append({"series": name, "values": values})
        for name, phases in self.counters.items():
            at, parts = 0.0, []
            for gain, steps in phases:
                parts.append(f"{at:g}+{gain:g}x{steps - 1}")
                at += gain * steps
            found.append({"series": name, "values": " ".join(parts)})
        return found


def _name(metric: str, variant: str, labels: Mapping[str, str]) -> str:
    every = {"stage": "prod", "endpoint": "delays", "variant": variant, "instance": "one", **labels}
    return metric + matchers(tuple(every.items()))


def assert_rings(
    folder: Path,
    life: Life,
    expected: Mapping[int, set[Ringing]],
    watched: Watched = WATCHED,
    step: int = STEP,
) -> None:
    """At each of these steps, of so many seconds, exactly these alerts ring."""
    ringing = [
        {
            "expr": 'sum by (alertname, variant, severity) (ALERTS{alertstate="firing"})',
            "eval_time": duration(at * step),
            "exp_samples": [
                {
                    "labels": f'{{alertname="{name}",variant="{variant}",severity="{severity}"}}',
                    "value": 1,
                }
                for name, variant, severity in sorted(alerts)
            ],
        }
        for at, alerts in expected.items()
    ]
    run(folder, life, {"promql_expr_test": ringing}, watched, step)


def run(
    folder: Path, life: Life, tests: Mapping[str, object], watched: Watched = WATCHED, step: int = STEP
) -> str:
    """Have promtool run tests of the endpoint's rules on a life."""
    (folder / "rules.yml").write_text(yaml_text("of a test", rule_file(watched, Pace())))
    document = {
        "rule_files": ["rules.yml"],
        "evaluation_interval": f"{step}s",
        "tests": [{"interval": f"{step}s", "input_series": life.series(), **tests}],
    }
    (folder / "test.yml").write_text(json.dumps(document))
    return ask(PROMTOOL, "test", "rules", "test.yml", folder=folder)
