"""How an endpoint changes: create, update by blue/green, roll back, patch, scale, delete.

The changes are coroutines on the sandbox's event loop. Each has its endpoint to itself from a busy status to
the next stable one. Whatever fails, an endpoint that served goes on serving its old deployment, as on
SageMaker.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any

from sandbox.core.faults import Faults
from sandbox.serving.endpoints.failures import (
    ALARM_TRIPPED,
    INTERNAL,
    PING_FAILED,
    TOO_LONG,
    DeploymentFailed,
)
from sandbox.serving.endpoints.launcher import Kept, Launcher
from sandbox.serving.endpoints.spec import DeploymentSpec
from sandbox.serving.endpoints.state import Deployment, Endpoint, Phase, Status
from sandbox.serving.endpoints.traffic_shift import Step, TrafficShift, traffic_shift
from sandbox.serving.fleets.fleet import Fleet

log = logging.getLogger(__name__)

ROLLBACK_TIME = 20.0
"""SageMaker's seconds that a rollback is seen as RollingBack; traffic is back at its beginning."""

_WATCH = 0.02
"""Real seconds between two looks at the alarms."""

AlarmStates = Callable[[str, str, tuple[str, ...]], list[str]]
"""Given an account, a region and alarm names, those that are in ALARM."""

Unwatchable = Callable[[str, str, DeploymentSpec, tuple[str, ...]], str | None]
"""Why the execution role of a deployment may not watch alarms (account, region, spec, names), or None."""


class Deployer:
    """Moves endpoints from one state to the next. `scale` is SageMaker's seconds in one real second."""

    def __init__(
        self,
        launcher: Launcher,
        faults: Faults,
        alarms: AlarmStates,
        unwatchable: Unwatchable,
        scale: float,
    ) -> None:
        self._launcher = launcher
        self._faults = faults
        self._alarms = alarms
        self._unwatchable = unwatchable
        self._scale = scale
        self._retiring: set[asyncio.Task[None]] = set()

    async def create(self, endpoint: Endpoint, spec: DeploymentSpec) -> None:
        """From Creating to InService or Failed."""
        try:
            deployment = await self._launcher.launch(endpoint, spec, {})
        except Exception as error:
            self._drop_pending(endpoint)
            endpoint.failure_reason = _reason(endpoint, error)
            endpoint.move(Status.FAILED)
            return
        endpoint.live, endpoint.pending = deployment, None
        endpoint.route((1.0, deployment))
        endpoint.move(Status.IN_SERVICE)

    async def update(
        self, endpoint: Endpoint, spec: DeploymentSpec, config: Mapping[str, Any] | None, kept: Kept
    ) -> None:
        """From Updating to InService, on the new config or, when anything fails, on the old one."""
        old = endpoint.live
        begun = asyncio.get_running_loop().time()
        try:
            deployment = await self._launcher.launch(endpoint, spec, kept)
            instances = sum(fleet.count for fleet in deployment.fleets.values())
            await self._shift(endpoint, old, deployment, traffic_shift(config, instances), begun)
        except Exception as error:
            await self._roll_back(endpoint, old, error)
            return
        self._settle(endpoint, deployment, old)
        endpoint.config_name = spec.config_name
        endpoint.failure_reason = None
        endpoint.last_deployment_config = config
        endpoint.move(Status.IN_SERVICE)

    async def patch(self, endpoint: Endpoint, seconds: float) -> None:
        """From SystemUpdating to InService on new instances of the same config."""
        old = endpoint.live
        if old is None:
            return
        kept = {
            name: {"InitialInstanceCount": fleet.count, "InitialVariantWeight": fleet.weight}
            for name, fleet in old.fleets.items()
        }
        try:
            deployment, _ = await asyncio.gather(
                self._launcher.launch(endpoint, old.spec, kept), asyncio.sleep(seconds)
            )
        except Exception as error:
            log.warning("the patch of %s failed: %s", endpoint.endpoint_name, error)
            self._drop_pending(endpoint)
        else:
            endpoint.route((1.0, deployment))
            self._settle(endpoint, deployment, old)
        endpoint.move(Status.IN_SERVICE)

    async def rescale(self, endpoint: Endpoint, wanted: Mapping[str, Mapping[str, Any]]) -> None:
        """From Updating to InService with new weights and counts; on failure all stays as it was."""
        deployment = endpoint.live
        if deployment is None:
            return
        before = {name: fleet.count for name, fleet in deployment.fleets.items()}
        try:
            for name, change in wanted.items():
                await self._scale_out(endpoint, deployment.fleets[name], change)
            for name, change in wanted.items():
                fleet = deployment.fleets[name]
                fleet.weight = fleet.desired_weight = change.get("DesiredWeight", fleet.weight)
            endpoint.failure_reason = None
        except Exception as error:
            endpoint.failure_reason = _reason(endpoint, error)
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
        await asyncio.gather(*(_stop(deployment, drain=False) for _, deployment in endpoint.deployments))

    async def _scale_out(self, endpoint: Endpoint, fleet: Fleet, change: Mapping[str, Any]) -> None:
        wanted = int(change.get("DesiredInstanceCount", fleet.count))
        if not await fleet.scale(wanted):
            raise DeploymentFailed(PING_FAILED.format(fleet.variant))
        self._launcher.note_simulated(fleet)

    async def _shift(
        self, endpoint: Endpoint, old: Deployment | None, new: Deployment, shift: TrafficShift, begun: float
    ) -> None:
        """Move the traffic step by step.

        Raises DeploymentFailed when an alarm trips or may not be watched, or when time is up.
        """
        refusal = self._unwatchable(endpoint.account, endpoint.region, new.spec, shift.alarms)
        if refusal is not None:
            raise DeploymentFailed(refusal)
        end = begun + shift.maximum_time / self._scale
        for step in shift.steps:
            endpoint.route((step.share, new), *([(1 - step.share, old)] if old else []))
            new.enter(Phase.ACTIVATING if step.share < 1 else Phase.BAKING)
            await self._bake(endpoint, step, shift.alarms, end)
        name = endpoint.endpoint_name
        for kind in ("silent_rollback", "rollback_failed"):
            fault = self._faults.for_endpoint(kind, name, config=new.spec.config_name)
            if fault is not None:
                raise DeploymentFailed(fault.reason or None, stuck=kind == "rollback_failed")

    async def _bake(self, endpoint: Endpoint, step: Step, alarms: tuple[str, ...], end: float) -> None:
        loop = asyncio.get_running_loop()
        until = loop.time() + step.wait / self._scale
        while True:
            tripped = self._alarms(endpoint.account, endpoint.region, alarms) if alarms else []
            if tripped:
                raise DeploymentFailed(ALARM_TRIPPED.format(", ".join(tripped)))
            if loop.time() > end:
                raise DeploymentFailed(TOO_LONG)
            if loop.time() >= until:
                return
            await asyncio.sleep(min(_WATCH, max(until - loop.time(), 0)))

    async def _roll_back(self, endpoint: Endpoint, old: Deployment | None, error: Exception) -> None:
        """Give all traffic back to the old deployment: InService again, or stuck with both."""
        endpoint.failure_reason = _reason(endpoint, error)
        if isinstance(error, DeploymentFailed) and error.stuck:
            self._strand(endpoint, old)
            return
        endpoint.move(Status.ROLLING_BACK)
        if old is not None:
            endpoint.route((1.0, old))
        self._drop_pending(endpoint)
        await asyncio.sleep(ROLLBACK_TIME / self._scale)
        while self._faults.for_endpoint("hold", endpoint.endpoint_name):
            await asyncio.sleep(_WATCH)
        if endpoint.stranded is not None:
            stranded, endpoint.stranded = endpoint.stranded, None
            self._retire(stranded)
        endpoint.move(Status.IN_SERVICE if old is not None else Status.FAILED)

    def _strand(self, endpoint: Endpoint, old: Deployment | None) -> None:
        """A rollback that failed: both configs go on serving, half of the traffic each."""
        new, endpoint.pending = endpoint.pending, None
        if endpoint.stranded is not None:
            self._retire(endpoint.stranded)
        endpoint.stranded = new
        endpoint.route(*((0.5, deployment) for deployment in (old, new) if deployment is not None))
        endpoint.move(Status.UPDATE_ROLLBACK_FAILED)

    def _settle(self, endpoint: Endpoint, deployment: Deployment, old: Deployment | None) -> None:
        """The new deployment is the live one; end what served before it."""
        stranded = endpoint.stranded
        endpoint.live, endpoint.pending, endpoint.stranded = deployment, None, None
        for ended in (old, stranded):
            if ended is not None:
                self._retire(ended)

    def _drop_pending(self, endpoint: Endpoint) -> None:
        new, endpoint.pending = endpoint.pending, None
        if new is not None:
            self._retire(new)

    def _retire(self, deployment: Deployment) -> None:
        """End a deployment's fleets once their requests in flight are answered."""
        task = asyncio.create_task(_stop(deployment, drain=True))
        self._retiring.add(task)
        task.add_done_callback(self._retiring.discard)


async def _stop(deployment: Deployment, *, drain: bool) -> None:
    await asyncio.gather(*(fleet.stop(drain=drain) for fleet in deployment.all_fleets))


def _reason(endpoint: Endpoint, error: Exception) -> str | None:
    if isinstance(error, DeploymentFailed):
        return error.reason
    log.exception("the deployment of %s failed", endpoint.endpoint_name, exc_info=error)
    return INTERNAL
