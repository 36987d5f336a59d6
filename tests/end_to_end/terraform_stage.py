"""What a stage serves, declared for terraform's AWS provider: the same plan that the Pulumi program declares.

`Imported` takes over what there is, as somebody does who moves from Pulumi to terraform.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from release.domain.plan import ConfigPlan, EndpointPlan, ModelPlan, VariantPlan
from tests.sandbox.clients.environments import run
from tests.sandbox.clients.terraform_cli import find

MODEL = "aws_sagemaker_model"
CONFIG = "aws_sagemaker_endpoint_configuration"
ENDPOINT = "aws_sagemaker_endpoint"


def declared(plan: EndpointPlan, role: str, tags: Mapping[str, str], serves: str) -> dict[str, Any]:
    """A configuration in terraform's JSON; `serves` is the config that the endpoint has now."""
    tagged: dict[str, Any] = {"tags": dict(tags)}
    endpoint = {
        "name": plan.endpoint,
        "endpoint_config_name": serves,
        "lifecycle": {"ignore_changes": ["deployment_config", "endpoint_config_name"]},
        **tagged,
    }
    return {
        "terraform": {"required_providers": {"aws": {"source": "hashicorp/aws"}}},
        "provider": {"aws": {}},
        "resource": {
            MODEL: {m.name: _model(m, role) | tagged for m in plan.models},
            CONFIG: {c.name: _config(c) | tagged for c in plan.configs},
            ENDPOINT: {plan.endpoint: endpoint},
        },
    }


def _model(plan: ModelPlan, role: str) -> dict[str, Any]:
    return {
        "name": plan.name,
        "execution_role_arn": role,
        "enable_network_isolation": True,
        "primary_container": {
            "image": plan.image,
            "model_data_url": plan.model,
            "environment": dict(plan.environment),
        },
    }


def _config(plan: ConfigPlan) -> dict[str, Any]:
    assert plan.capture is None
    shadow = {"shadow_production_variants": [_variant(v) for v in plan.shadow]} if plan.shadow else {}
    return {"name": plan.name, "production_variants": [_variant(v) for v in plan.production], **shadow}


def _variant(plan: VariantPlan) -> dict[str, Any]:
    return {
        "variant_name": plan.name,
        "model_name": plan.model_name,
        "instance_type": plan.instance_type,
        "initial_instance_count": plan.capacity,
        "initial_variant_weight": plan.weight,
    }


class Imported:
    """Terraform in a folder of its own, with nothing in its state yet."""

    def __init__(self, folder: Path, env: Mapping[str, str]) -> None:
        self._terraform, self._mirror = find()
        self._folder = folder
        self._env = {**env, "TF_IN_AUTOMATION": "1", "CHECKPOINT_DISABLE": "1"}

    def declare(self, configuration: Mapping[str, Any], take_over: bool = True) -> None:
        """The configuration from now on; what the state does not have is imported, or made by `apply`."""
        known = self.state()
        resources = [(kind, name) for kind, named in configuration["resource"].items() for name in named]
        imports = [
            {"to": f"{kind}.{name}", "id": name} for kind, name in resources if f"{kind}.{name}" not in known
        ]
        text = json.dumps(
            {**configuration, **({"import": imports} if imports and take_over else {})}, indent=1
        )
        (self._folder / "main.tf.json").write_text(text)
        if not (self._folder / ".terraform").exists():
            self._run("init", f"-plugin-dir={self._mirror}", "-input=false")

    def plan(self) -> dict[str, str]:
        """What `apply` would do: action by resource, without those that stay."""
        lines = [json.loads(line) for line in self._run("plan", "-json", "-out=plan").splitlines()]
        changes = [line["change"] for line in lines if line["type"] == "planned_change"]
        return {change["resource"]["addr"]: change["action"] for change in changes}

    def apply(self) -> None:
        """Do what was planned."""
        self._run("apply", "-json", "plan")

    def state(self) -> set[str]:
        """Addresses of what terraform has in its state."""
        there = (self._folder / "terraform.tfstate").exists()
        return set(self._run("state", "list").split()) if there else set()

    def _run(self, *arguments: str) -> str:
        return run([self._terraform, *arguments], self._env, self._folder, limit=240)
