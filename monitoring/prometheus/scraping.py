"""Prometheus's own configuration: where it finds containers, and how their series are labelled. Pure.

A container knows neither its stage nor its role, so the labels stage, endpoint and variant are its target's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from monitoring.prometheus.expressions import FRONT, JOB
from monitoring.prometheus.watched import ENDPOINT, STAGE, VARIANT, Pace, duration

KUBERNETES = "kubernetes"
FRONT_JOB = "front"
RULE_FILES = "rules/*.yml"
TARGET_FILES = "targets/*.json"
REFRESH_SECONDS = 5
PORT = 8080
"""On which the image serves where nothing says another."""


@dataclass(frozen=True)
class Places:
    """Where things are on the network."""

    targets: str = ""
    """A URL of Prometheus's HTTP service discovery, `kubernetes`, or nothing: files of targets."""
    front: str = ""
    """The URL of the metrics of what stands before the containers; nothing where they alone are asked."""
    alertmanager: str = "127.0.0.1:9093"


def prometheus_file(stage: str, endpoints: Sequence[str], places: Places, pace: Pace) -> dict[str, Any]:
    """`prometheus.yml` of a stage."""
    interval = duration(pace.seconds)
    jobs = [
        {
            "job_name": JOB,
            **_discovery(places.targets),
            "relabel_configs": _labels(stage, endpoints, places.targets == KUBERNETES),
        }
    ]
    if places.front:
        jobs.append(_front(stage, endpoints, places.front))
    return {
        "global": {
            "scrape_interval": interval,
            "scrape_timeout": duration(min(10, pace.seconds)),
            "evaluation_interval": interval,
        },
        "rule_files": [RULE_FILES],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": [places.alertmanager]}]}]},
        "scrape_configs": jobs,
    }


def _discovery(targets: str) -> dict[str, Any]:
    if targets == KUBERNETES:
        return {"kubernetes_sd_configs": [{"role": "pod"}]}
    if targets:
        return {"http_sd_configs": [{"url": targets, "refresh_interval": duration(REFRESH_SECONDS)}]}
    return {"file_sd_configs": [{"files": [TARGET_FILES]}]}


def _labels(stage: str, endpoints: Sequence[str], of_pods: bool) -> list[dict[str, Any]]:
    """The labels of a container's series; what is of no endpoint of the stage is not asked."""
    source = "__meta_kubernetes_pod_label_slipway_" if of_pods else ""
    rules: list[dict[str, Any]] = []
    if of_pods:
        rules = [
            {"action": "keep", "source_labels": [f"{source}stage"], "regex": stage},
            {
                "action": "keep",
                "source_labels": ["__meta_kubernetes_pod_container_port_number"],
                "regex": str(PORT),
            },
            {"action": "drop", "source_labels": ["__meta_kubernetes_pod_phase"], "regex": "Succeeded|Failed"},
            {"source_labels": ["__meta_kubernetes_pod_name"], "target_label": "instance"},
            {"source_labels": [f"{source}{VARIANT}"], "target_label": VARIANT},
        ]
    return [*rules, *_endpoint(stage, endpoints, f"{source}{ENDPOINT}")]


def _endpoint(stage: str, endpoints: Sequence[str], source: str) -> list[dict[str, Any]]:
    """Keep what is of these endpoints, by their names in the stage's file or in SageMaker."""
    regex = f"({'|'.join(endpoints)})(-{stage})?"
    return [
        {"action": "keep", "source_labels": [source], "regex": regex},
        {"source_labels": [source], "regex": regex, "target_label": ENDPOINT, "replacement": "$1"},
        {"target_label": STAGE, "replacement": stage},
    ]


def _front(stage: str, endpoints: Sequence[str], url: str) -> dict[str, Any]:
    """The scrape of what stands before the containers: its count of answers, and nothing else."""
    parts = urlsplit(url)
    only = {"action": "keep", "source_labels": ["__name__"], "regex": FRONT}
    return {
        "job_name": FRONT_JOB,
        "scheme": parts.scheme,
        "metrics_path": parts.path,
        "static_configs": [{"targets": [parts.netloc]}],
        "metric_relabel_configs": [only, *_endpoint(stage, endpoints, ENDPOINT)],
    }
