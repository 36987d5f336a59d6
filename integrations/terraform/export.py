"""A stage's pins as `stage.json`, and the root modules that call the module beside this file with them. Pure.

A stage has its own root modules, and so states of its own: no stage's apply knows of another's endpoints.
Names are those that Pulumi gives the same content, so what one of the two made the other finds unchanged.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from integrations.terraform import guards
from release.domain.capture import Capture
from release.domain.exported import Exported, ExportedEndpoint
from release.domain.plan import ConfigPlan, ModelPlan, VariantPlan

ROOTS = Path(__file__).parent / "roots" / "stage"
"""Root modules as an export writes them: the stage's, and the one that adopts."""
MAIN = ("main.tf", "adopt/main.tf")


def files(exported: Exported) -> Mapping[str, str]:
    """The stage's values, in one file, and its root modules."""
    roots = {name: (ROOTS / name).read_text(encoding="utf-8") for name in MAIN}
    values = {
        "origin": exported.origin,
        "stage": exported.stage,
        "role_arn": exported.role_arn,
        "endpoints": {endpoint.name: _endpoint(endpoint) for endpoint in exported.endpoints},
    }
    return roots | {"stage.json": json.dumps(values, indent=2) + "\n"}


def _endpoint(endpoint: ExportedEndpoint) -> dict[str, Any]:
    """An endpoint; a model or config that live and previous share is declared once."""
    return {
        "name": endpoint.served_as,
        "release": endpoint.live.pin.release,
        "serves": endpoint.live.config.name,
        "models": {each.model.name: _model(each.model) for each in endpoint.releases},
        "configs": {each.config.name: _config(each.config) for each in endpoint.releases},
        "deployment": guards.deployment(endpoint),
        "alarms": guards.alarms(endpoint),
    }


def _model(plan: ModelPlan) -> dict[str, Any]:
    return {
        "image": plan.image,
        "model_data_url": plan.model,
        "environment": dict(plan.environment),
        "network_isolation": plan.isolated,
        "vpc": plan.vpc.model_dump(mode="json") if plan.vpc else None,
    }


def _config(plan: ConfigPlan) -> dict[str, Any]:
    return {
        "variants": [_variant(variant) for variant in plan.production],
        "capture": _capture(plan.capture) if plan.capture else None,
    }


def _variant(plan: VariantPlan) -> dict[str, Any]:
    return {
        "name": plan.name,
        "model": plan.model_name,
        "instance_type": plan.instance_type,
        "instances": plan.capacity,
        "weight": plan.weight,
    }


def _capture(capture: Capture) -> dict[str, Any]:
    return {
        "percent": capture.percent,
        "to": capture.to,
        "key": capture.key,
        "modes": ["Input", "Output"] if capture.inputs else ["Output"],
    }
