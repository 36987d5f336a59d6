"""Prometheus: all that watches a stage's endpoints off AWS, as files. It asks and changes nothing."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from monitoring.prometheus.dashboard import dashboard
from monitoring.prometheus.notifying import alertmanager_file
from monitoring.prometheus.rules import rule_file
from monitoring.prometheus.scraping import Places, prometheus_file
from monitoring.prometheus.watched import Pace, Watched
from release.domain.errors import UsageError
from release.ports import World
from release.report.yaml_text import yaml_text


@dataclass(frozen=True)
class Written:
    """What belongs to a stage: texts by the names of their files."""

    stage: str
    endpoints: tuple[str, ...]
    files: Mapping[str, str]
    silent: tuple[str, ...]
    """Endpoints of which nothing rings, as their stage's file wants to be told of nothing."""


def prometheus(world: World, stage: str, places: Places, webhook: str, pace: Pace) -> Written:
    """The files of a stage, for the endpoints that serve a release.

    One that serves none has nothing to be watched, and would page as one whose containers are gone. Raises
    UsageError where none serves.
    """
    settings = world.settings(world.stages.entry(stage).name)
    watched = [
        Watched(
            settings.stage,
            name,
            endpoint.monitoring.objectives,
            endpoint.monitoring.paging,
            shadow=endpoint.rollout.strategy == "shadow",
        )
        for name, endpoint in settings.endpoints.items()
        if endpoint.live is not None
    ]
    if not watched:
        raise UsageError(
            f"No endpoint of {stage} serves a release: there is nothing to watch.",
            "Nothing was written.",
            "Release something first (./slipway release, ./slipway promote), then run it again.",
        )
    names = tuple(each.endpoint for each in watched)
    title = f"Written by ./slipway prometheus {stage} from Pulumi.{stage}.yaml: change it there."
    files = {
        "prometheus.yml": yaml_text(title, prometheus_file(stage, names, places, pace)),
        "alertmanager.yml": yaml_text(title, alertmanager_file(webhook, pace)),
        "grafana.json": json.dumps(dashboard(pace), indent=2) + "\n",
    }
    rules = {f"rules/{each.endpoint}.yml": yaml_text(title, rule_file(each, pace)) for each in watched}
    silent = tuple(each.endpoint for each in watched if not each.paging.severities)
    return Written(stage, names, files | rules, silent)
