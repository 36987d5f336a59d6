"""The actions on SageMaker's endpoints. How endpoints run is in `sandbox.serving`.

Adds to moto: endpoints that run, and UpdateEndpoint.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.sagemaker.exceptions import ValidationError
from moto.sagemaker.responses import SageMakerResponse

from sandbox.aws.sagemaker.arns import sagemaker_arn
from sandbox.aws.sagemaker.endpoint_configs.store import find_config
from sandbox.aws.sagemaker.endpoints.description import describe_endpoint
from sandbox.aws.sagemaker.endpoints.rules import refuse_deployment
from sandbox.aws.sagemaker.endpoints.service import EndpointService, kept_properties
from sandbox.aws.sagemaker.models.store import find_model
from sandbox.aws.sagemaker.paging import listed
from sandbox.aws.sagemaker.tags import new_tags
from sandbox.aws.service_quotas.catalog import allowed
from sandbox.aws.shared.errors import BadRequest
from sandbox.core.clock import visible
from sandbox.core.faults import Faults
from sandbox.serving.endpoints.failures import QUOTA_EXCEEDED
from sandbox.serving.endpoints.spec import DeploymentSpec
from sandbox.serving.endpoints.state import Endpoint

Action = Callable[[SageMakerResponse], ActionResult]


def install(service: EndpointService, faults: Faults) -> None:
    """Patch moto's endpoint actions to work on `service`; `faults` may change what DescribeEndpoint says."""
    actions = {
        "create_endpoint": partial(_create, faults=faults),
        "describe_endpoint": partial(_describe, faults=faults),
        "update_endpoint": partial(_update, faults=faults),
        "update_endpoint_weights_and_capacities": _rescale,
        "delete_endpoint": _delete,
        "list_endpoints": _list,
    }
    for name, action in actions.items():
        setattr(SageMakerResponse, name, _bound(name, action, service))


def _bound(name: str, action: Callable[..., ActionResult], service: EndpointService) -> Action:
    def method(self: SageMakerResponse) -> ActionResult:
        return action(self, service)

    method.__name__ = name
    return method


def _create(self: SageMakerResponse, service: EndpointService, faults: Faults) -> ActionResult:
    request = dict(self.params)
    name = request["EndpointName"]
    spec = _spec(self, request["EndpointConfigName"])
    _refuse_by_quota(self, service, faults, name, spec, {})
    arn = sagemaker_arn("endpoint", name, self.current_account, self.region)
    tags = new_tags(request.get("Tags"))
    instances = sum(int(variant.get("InitialInstanceCount", 1)) for variant in spec.variants)
    refuse_deployment(request.get("DeploymentConfig"), instances)
    endpoint = Endpoint(self.current_account, self.region, name, arn, tags, spec.config_name)
    # CreateEndpoint's deployment config moves no traffic, but is described from then on.
    endpoint.last_deployment_config = request.get("DeploymentConfig")
    service.call(lambda: service.create(endpoint, spec))
    return ActionResult({"EndpointArn": arn})


def _describe(self: SageMakerResponse, service: EndpointService, faults: Faults) -> ActionResult:
    endpoint = _find(self, service)
    answer = service.call(lambda: describe_endpoint(endpoint))
    name, config = endpoint.endpoint_name, endpoint.config_name
    if faults.for_endpoint("no_last_deployment_config", name, config=config):
        answer.pop("LastDeploymentConfig", None)
    return ActionResult(answer)


def _update(self: SageMakerResponse, service: EndpointService, faults: Faults) -> ActionResult:
    endpoint = _find(self, service)
    request = dict(self.params)
    spec = _spec(self, request["EndpointConfigName"])
    kept = service.call(lambda: kept_properties(endpoint, request))
    _refuse_by_quota(self, service, faults, endpoint.endpoint_name, spec, kept)
    service.call(lambda: service.update(endpoint, spec, request))
    return ActionResult({"EndpointArn": endpoint.arn})


def _rescale(self: SageMakerResponse, service: EndpointService) -> ActionResult:
    endpoint = _find(self, service)
    changes = [dict(change) for change in self.params["DesiredWeightsAndCapacities"]]
    service.call(lambda: service.rescale(endpoint, changes))
    return ActionResult({"EndpointArn": endpoint.arn})


def _delete(self: SageMakerResponse, service: EndpointService) -> ActionResult:
    endpoint = _find(self, service)
    service.call(lambda: service.delete(endpoint))
    return EmptyResult()


def _list(self: SageMakerResponse, service: EndpointService) -> ActionResult:
    endpoints: list[Any] = list(self.sagemaker_backend.endpoints.values())
    entries = [e.summary() for e in endpoints if visible("sagemaker", e.creation_time)]
    return ActionResult(listed("Endpoints", entries, "EndpointName", self.params, "EndpointStatus"))


def _refuse_by_quota(
    self: SageMakerResponse,
    service: EndpointService,
    faults: Faults,
    endpoint: str,
    spec: DeploymentSpec,
    kept: Mapping[str, Mapping[str, Any]],
) -> None:
    """Raise ResourceLimitExceeded where the account may not have the instances of a new fleet, beside all."""
    variants = [{**v, **kept.get(v["VariantName"], {})} for v in (*spec.variants, *spec.shadow_variants)]
    asked = _instances(variants)
    if faults.for_endpoint("quota_exceeded", endpoint, config=spec.config_name):
        kind, count = next(iter(asked.items()), ("serverless", 1))
        raise BadRequest("ResourceLimitExceeded", QUOTA_EXCEEDED.format(kind, 0, 0, count))
    quota = allowed(faults)
    if quota is None:
        return
    used = service.call(partial(_used, service, self.current_account, self.region))
    for kind, count in asked.items():
        if used[kind] + count > quota:
            said = QUOTA_EXCEEDED.format(kind, quota, used[kind], count)
            raise BadRequest("ResourceLimitExceeded", said)


def _instances(variants: Iterable[Mapping[str, Any]]) -> Counter[str]:
    """How many instances of each type these variants begin with."""
    found: Counter[str] = Counter()
    for variant in variants:
        if "InstanceType" in variant:
            found[variant["InstanceType"]] += int(variant.get("InitialInstanceCount", 1))
    return found


def _used(service: EndpointService, account: str, region: str) -> Counter[str]:
    """How many instances of each type the endpoints of an account and region have. On the event loop."""
    found: Counter[str] = Counter()
    mine = (each for each in service.all() if (each.account, each.region) == (account, region))
    for deployment in (one for endpoint in mine for _, one in endpoint.deployments):
        spec = deployment.spec
        types = {v["VariantName"]: v.get("InstanceType", "") for v in [*spec.variants, *spec.shadow_variants]}
        for fleet in deployment.all_fleets:
            found[types[fleet.variant]] += fleet.count
    return found


def _find(self: SageMakerResponse, service: EndpointService) -> Endpoint:
    name = self.params["EndpointName"]
    endpoint = service.find(self.current_account, self.region, name)
    if endpoint is None or not visible("sagemaker", endpoint.creation_time):
        arn = sagemaker_arn("endpoint", name, self.current_account, self.region)
        raise ValidationError(f'Could not find endpoint "{arn}".')
    return endpoint


def _spec(self: SageMakerResponse, config_name: str) -> DeploymentSpec:
    config = find_config(self, config_name)
    spec = DeploymentSpec(config.endpoint_config_name, config.request, {})
    names = {variant["ModelName"] for variant in [*spec.variants, *spec.shadow_variants]}
    return replace(spec, models={name: find_model(self, name).served for name in names})
