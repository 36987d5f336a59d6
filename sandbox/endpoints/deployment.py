"""How an endpoint changes: create, update by blue/green, roll back, scale, delete.

Coroutines on the sandbox's event loop; each owns its endpoint from a busy status to the next stable one.
Whatever fails, an endpoint that served goes on serving its old deployment, as on SageMaker.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any

from sandbox.endpoints.build import Builder, DeploymentFailed
from sandbox.endpoints.plan import Plan, deployment_plan
from sandbox.endpoints.state import Deployment, Endpoint, Recipe, Status
from sandbox.faults import Faults
from sandbox.fleets.fleet import Fleet
from sandbox.fleets.host import Host

log = logging.getLogger(__name__)

PING_FAILED = (
    "The primary container for production variant {} did not pass the ping health check. "
    "Please check CloudWatch logs for this endpoint."
)
NO_CAPACITY = (
    "Unable to provision requested ML compute capacity due to InsufficientInstanceCapacity error. "
    "Please retry using a different ML instance type or after some time."
)
ALARM_TRIPPED = (
    "One or more CloudWatch alarms went into ALARM state during the deployment: {}. It was rolled back."
)
TOO_LONG = "The deployment did not finish within MaximumExecutionTimeoutInSeconds and was rolled back."
INTERNAL = "Request to service failed. If failure persists after retry, contact customer support."

_WATCH = 0.02
"""Real seconds between two looks at the alarms."""

AlarmStates = Callable[[Endpoint, tuple[str, ...]], list[str]]
"""Given an endpoint and alarm names, those that are in ALARM."""


class Deployer:
    """Moves endpoints from one state to the next."""

    def __init__(self, host: Host, builder: Builder, faults: Faults, alarms: AlarmStates) -> None:
        self._host = host
        self._builder = builder
        self._faults = faults
        self._alarms = alarms
        self._retiring: set[asyncio.Task[None]] = set()

    async def create(self, endpoint: Endpoint, recipe: Recipe) -> None:
        """From Creating to InService or Failed."""
        try:
            deployment = await self._launch(endpoint, recipe, {})
        except Exception as error:
            self._roll_back(endpoint, None, self._reason(endpoint, error))
            return
        endpoint.live, endpoint.pending = deployment, None
        endpoint.route((1.0, deployment))
        endpoint.move(Status.IN_SERVICE)

    async def update(
        self,
        endpoint: Endpoint,
        recipe: Recipe,
        config: Mapping[str, Any] | None,
        kept: Mapping[str, Mapping[str, Any]],
    ) -> None:
        """From Updating to InService, on the new config or, when anything fails, on the old one.

        `kept` holds InitialInstanceCount and InitialVariantWeight by variant, where they are retained.
        """
        old = endpoint.live
        try:
            deployment = await self._launch(endpoint, recipe, kept)
            instances = sum(fleet.count for fleet in deployment.fleets.values())
            await self._shift(endpoint, old, deployment, deployment_plan(config, instances))
        except Exception as error:
            self._roll_back(endpoint, old, self._reason(endpoint, error))
            return
        endpoint.live, endpoint.pending = deployment, None
        endpoint.config_name = recipe.config_name
        endpoint.failure_reason = None
        endpoint.last_deployment_config = config
        if old is not None:
            self._retire(old)
        endpoint.move(Status.IN_SERVICE)

    async def rescale(self, endpoint: Endpoint, wanted: Mapping[str, Mapping[str, Any]]) -> None:
        """From Updating to InService with new weights and counts; on failure all stays as it was."""
        deployment = endpoint.live
        if deployment is None:
            return
        before = {name: fleet.count for name, fleet in deployment.fleets.items()}
        try:
            for name, change in wanted.items():
                fleet = deployment.fleets[name]
                if not await fleet.scale(change.get("DesiredInstanceCount", fleet.count)):
                    raise DeploymentFailed(PING_FAILED.format(name))
            for name, change in wanted.items():
                fleet = deployment.fleets[name]
                fleet.weight = fleet.desired_weight = change.get("DesiredWeight", fleet.weight)
            endpoint.failure_reason = None
        except Exception as error:
            endpoint.failure_reason = self._reason(endpoint, error)
            endpoint.move(Status.ROLLING_BACK)
            for name, count in before.items():
                fleet = deployment.fleets[name]
                fleet.desired_weight = fleet.weight
                await fleet.scale(count)
        endpoint.reweigh()
        endpoint.move(Status.IN_SERVICE)

    async def delete(self, endpoint: Endpoint) -> None:
        """End everything that runs for the endpoint, at once."""
        endpoint.route()
        await asyncio.gather(*(self._stop(d, drain=False) for d in (endpoint.live, endpoint.pending) if d))

    async def _launch(
        self, endpoint: Endpoint, recipe: Recipe, kept: Mapping[str, Mapping[str, Any]]
    ) -> Deployment:
        """Start all fleets of a recipe and wait for their pings. Raises DeploymentFailed."""
        deployment = endpoint.pending = Deployment(recipe)
        if self._faults.for_endpoint("insufficient_capacity", endpoint.endpoint_name):
            raise DeploymentFailed(NO_CAPACITY)
        containers = await asyncio.to_thread(self._builder.containers, endpoint, recipe)
        for variant in recipe.variants:
            name = variant["VariantName"]
            chosen = {**variant, **kept.get(name, {})}
            deployment.fleets[name] = Fleet(
                self._host,
                containers[name],
                int(chosen.get("InitialInstanceCount", 1)),
                float(chosen.get("InitialVariantWeight", 1.0)),
            )
        started = await asyncio.gather(*(fleet.start() for fleet in deployment.fleets.values()))
        for fleet, healthy in zip(deployment.fleets.values(), started, strict=True):
            if not healthy:
                raise DeploymentFailed(PING_FAILED.format(fleet.variant))
        return deployment

    async def _shift(self, endpoint: Endpoint, old: Deployment | None, new: Deployment, plan: Plan) -> None:
        """Move the traffic step by step. Raises DeploymentFailed when an alarm trips or time is up."""
        loop = asyncio.get_running_loop()
        end = loop.time() + plan.maximum_time / self._host.settings.time_scale
        for step in plan.steps:
            endpoint.route((step.share, new), *([(1 - step.share, old)] if old else []))
            until = loop.time() + step.wait / self._host.settings.time_scale
            while True:
                tripped = self._alarms(endpoint, plan.alarms) if plan.alarms else []
                if tripped:
                    raise DeploymentFailed(ALARM_TRIPPED.format(", ".join(tripped)))
                if loop.time() > end:
                    raise DeploymentFailed(TOO_LONG)
                if loop.time() >= until:
                    break
                await asyncio.sleep(min(_WATCH, max(until - loop.time(), 0)))
        silent = self._faults.for_endpoint("silent_rollback", endpoint.endpoint_name)
        if silent is not None:
            raise DeploymentFailed(silent.reason or None)

    def _roll_back(self, endpoint: Endpoint, old: Deployment | None, reason: str | None) -> None:
        """Give all traffic back to the old deployment: InService again, or Failed where there is none."""
        new, endpoint.pending = endpoint.pending, None
        if old is not None:
            endpoint.route((1.0, old))
        if new is not None:
            self._retire(new)
        endpoint.failure_reason = reason
        endpoint.move(Status.IN_SERVICE if old is not None else Status.FAILED)

    def _retire(self, deployment: Deployment) -> None:
        """End a deployment's fleets once their requests in flight are answered."""
        task = asyncio.create_task(self._stop(deployment, drain=True))
        self._retiring.add(task)
        task.add_done_callback(self._retiring.discard)

    @staticmethod
    async def _stop(deployment: Deployment, *, drain: bool) -> None:
        await asyncio.gather(*(fleet.stop(drain=drain) for fleet in deployment.fleets.values()))

    @staticmethod
    def _reason(endpoint: Endpoint, error: Exception) -> str | None:
        if isinstance(error, DeploymentFailed):
            return error.reason
        log.exception("the deployment of %s failed", endpoint.endpoint_name, exc_info=error)
        return INTERNAL
