"""Begins the changes of endpoints, one at a time for each; a second one is refused in SageMaker's words.

Called from moto's threads. The work is handed to the event loop, since only that may touch endpoints.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Mapping
from typing import Any, TypeVar

from moto.sagemaker.exceptions import ValidationError
from moto.sagemaker.models import sagemaker_backends

from sandbox.aws.autoscaling.targets import forget, registered
from sandbox.aws.sagemaker.endpoints.rules import (
    refuse_busy,
    refuse_deployment,
    refuse_scaled,
    refuse_variants,
)
from sandbox.core.faults import BadFault
from sandbox.core.loop import LoopWork
from sandbox.serving.endpoints.deployer import Deployer
from sandbox.serving.endpoints.spec import DeploymentSpec
from sandbox.serving.endpoints.state import BUSY, Deployment, Endpoint, Status

T = TypeVar("T")

RETAINABLE = {"DesiredInstanceCount": "InitialInstanceCount", "DesiredWeight": "InitialVariantWeight"}
"""Variant properties that an update can keep, and the config's member that each stands in for."""


class EndpointService:
    """Creates, changes and deletes endpoints; moto's backends hold them. `moved` hears of every status."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, deployer: Deployer, moved: Callable[[Endpoint], None]
    ) -> None:
        self._work = LoopWork(loop)
        self._moved = moved
        self._deployer = deployer

    def call(self, work: Callable[[], T]) -> T:
        """Run `work` on the event loop and return what it returns, or raise what it raises."""
        return self._work.call(work)

    def all(self) -> Iterable[Endpoint]:
        """Every endpoint of every account and region."""
        for regions in list(sagemaker_backends.values()):
            for backend in list(regions.values()):
                yield from _endpoints(backend).values()

    def find(self, account: str, region: str, name: str) -> Endpoint | None:
        """The endpoint of that name, or None."""
        try:
            return _endpoints(sagemaker_backends[account][region]).get(name)
        except KeyError:  # no such region
            return None

    def create(self, endpoint: Endpoint, spec: DeploymentSpec) -> None:
        """Begin to create. Raises SageMaker's ValidationException."""
        endpoints = _endpoints(sagemaker_backends[endpoint.account][endpoint.region])
        if any(name.lower() == endpoint.endpoint_name.lower() for name in endpoints):
            raise ValidationError(f'Cannot create already existing endpoint "{endpoint.arn}".')
        endpoints[endpoint.endpoint_name] = endpoint
        endpoint.pending, endpoint.moved = Deployment(spec), self._moved
        self._begin(endpoint, Status.CREATING, self._deployer.create(endpoint, spec))

    def update(self, endpoint: Endpoint, spec: DeploymentSpec, request: Mapping[str, Any]) -> None:
        """Begin an update as UpdateEndpoint's `request` asks. Raises SageMaker's ValidationException."""
        refuse_busy(endpoint)
        if endpoint.live is None:
            raise ValidationError(
                f'Cannot update endpoint "{endpoint.arn}": its status is {endpoint.endpoint_status.value}. '
                "DeleteEndpoint is the only operation that can be performed on it."
            )
        config = request.get("DeploymentConfig")
        if config is None and request.get("RetainDeploymentConfig"):
            config = endpoint.last_deployment_config
        kept = kept_properties(endpoint, request)
        instances = sum(
            int({**variant, **kept.get(variant["VariantName"], {})}.get("InitialInstanceCount", 1))
            for variant in spec.variants
        )
        scaled = registered(endpoint.account, endpoint.region, endpoint.endpoint_name)
        refuse_scaled(scaled, endpoint.live.spec.variants, spec.variants)
        refuse_variants(config, endpoint.live.fleets, spec.variants)
        refuse_deployment(config, instances)
        endpoint.pending = Deployment(spec)
        self._begin(endpoint, Status.UPDATING, self._deployer.update(endpoint, spec, config, kept))

    def rescale(self, endpoint: Endpoint, changes: Iterable[Mapping[str, Any]]) -> None:
        """Begin UpdateEndpointWeightsAndCapacities. Raises SageMaker's ValidationException."""
        refuse_busy(endpoint)
        fleets = endpoint.live.fleets if endpoint.live is not None else {}
        wanted = {change["VariantName"]: change for change in changes}
        unknown = [name for name in wanted if name not in fleets]
        if unknown:
            raise ValidationError(
                f'The variant name(s) "{", ".join(unknown)}" is not present within endpoint configuration '
                f'"{endpoint.config_name}".'
            )
        if any(change.get("DesiredInstanceCount") == 0 for change in wanted.values()):
            raise ValidationError("DesiredInstanceCount must be at least 1: these variants cannot be empty.")
        for name, change in wanted.items():
            fleets[name].desired_weight = change.get("DesiredWeight", fleets[name].weight)
            fleets[name].desired_count = change.get("DesiredInstanceCount", fleets[name].count)
        self._begin(endpoint, Status.UPDATING, self._deployer.rescale(endpoint, wanted))

    def count(self, account: str, region: str, endpoint: str, variant: str) -> int | None:
        """Instances of a variant at rest; None while its endpoint changes, or where there is none."""
        found = self.find(account, region, endpoint)
        if found is None or found.endpoint_status in BUSY or found.live is None:
            return None
        fleet = found.live.fleets.get(variant)
        return fleet.count if fleet else None

    def scale(self, account: str, region: str, endpoint: str, variant: str, count: int) -> None:
        """Begin to bring a variant to `count` instances. On the event loop."""
        found = self.find(account, region, endpoint)
        if found is not None:
            self.rescale(found, [{"VariantName": variant, "DesiredInstanceCount": count}])

    def delete(self, endpoint: Endpoint) -> None:
        """Begin to delete. Raises SageMaker's ValidationException."""
        refuse_busy(endpoint)
        self._begin(endpoint, Status.DELETING, self._delete(endpoint))

    def patch(self, name: str, seconds: float) -> None:
        """Begin SystemUpdating for every endpoint of that name. Raises BadFault when none can."""
        found = [endpoint for endpoint in self.all() if endpoint.endpoint_name == name]
        if not found:
            raise BadFault(f"there is no endpoint {name!r} to patch")
        for endpoint in found:
            if endpoint.endpoint_status != Status.IN_SERVICE or endpoint.live is None:
                raise BadFault(f"{name} is {endpoint.endpoint_status.value}; only InService can be patched")
            if not _complete(endpoint, endpoint.live.spec):
                raise BadFault(f"AWS cannot patch {name}: its endpoint config or a model of it was deleted")
            self._begin(endpoint, Status.SYSTEM_UPDATING, self._deployer.patch(endpoint, seconds))

    async def _delete(self, endpoint: Endpoint) -> None:
        await self._deployer.delete(endpoint)
        _endpoints(sagemaker_backends[endpoint.account][endpoint.region]).pop(endpoint.endpoint_name, None)
        forget(endpoint.account, endpoint.region, endpoint.endpoint_name)

    def _begin(self, endpoint: Endpoint, status: Status, change: Coroutine[Any, Any, None]) -> None:
        endpoint.move(status)
        self._work.begin(change)


def kept_properties(endpoint: Endpoint, request: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The counts and weights that RetainAllVariantProperties carries over, by variant."""
    if not request.get("RetainAllVariantProperties") or endpoint.live is None:
        return {}
    excluded = request.get("ExcludeRetainedVariantProperties") or []
    dropped = {entry["VariantPropertyType"] for entry in excluded}
    kept = {}
    for name, fleet in endpoint.live.fleets.items():
        now = {"DesiredInstanceCount": fleet.desired_count, "DesiredWeight": fleet.desired_weight}
        kept[name] = {RETAINABLE[key]: value for key, value in now.items() if key not in dropped}
    return kept


def _complete(endpoint: Endpoint, spec: DeploymentSpec) -> bool:
    """Whether the config and the models that an endpoint was deployed from are still there."""
    backend: Any = sagemaker_backends[endpoint.account][endpoint.region]
    return spec.config_name in backend.endpoint_configs and set(spec.models) <= set(backend._models)


def _endpoints(backend: Any) -> dict[str, Endpoint]:
    """moto's own dictionary, which holds the sandbox's endpoints, so that its listing and tagging work."""
    return backend.endpoints
