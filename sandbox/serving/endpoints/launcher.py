"""Starts the fleets of a deployment and waits until they are healthy, or says why they are not."""

import asyncio
import logging
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sandbox.core.faults import Faults
from sandbox.serving.capture.records import capture_settings
from sandbox.serving.endpoints.container_builder import ContainerBuilder
from sandbox.serving.endpoints.failures import NO_CAPACITY, PING_FAILED, DeploymentFailed
from sandbox.serving.endpoints.spec import DeploymentSpec
from sandbox.serving.endpoints.state import Deployment, Endpoint
from sandbox.serving.fleets.fleet import Fleet, Mirror
from sandbox.serving.fleets.host import Host
from sandbox.serving.runtimes.container import Container

log = logging.getLogger(__name__)

Notes = Callable[[Container, str], None]
"""Writes a line about a variant into its endpoint's log group."""

Kept = Mapping[str, Mapping[str, Any]]
"""InitialInstanceCount and InitialVariantWeight by variant, where an update retains them."""


class Launcher:
    """Starts deployments."""

    def __init__(self, host: Host, builder: ContainerBuilder, faults: Faults, note: Notes) -> None:
        self._host = host
        self._builder = builder
        self._faults = faults
        self._note = note

    async def launch(self, endpoint: Endpoint, spec: DeploymentSpec, kept: Kept) -> Deployment:
        """Start all fleets of a spec as the pending deployment and wait for their pings.

        Raises DeploymentFailed; what was started is then for the caller to end.
        """
        deployment = endpoint.pending = Deployment(spec)
        name = endpoint.endpoint_name
        if self._faults.for_endpoint("insufficient_capacity", name, config=spec.config_name):
            raise DeploymentFailed(NO_CAPACITY)
        containers = await asyncio.to_thread(self._builder.containers, endpoint, spec)
        deployment.fleets |= self._fleets(spec.variants, containers, kept)
        deployment.shadows |= self._fleets(spec.shadow_variants, containers, kept)
        settings = capture_settings(spec.config.get("DataCaptureConfig"))
        for fleet in deployment.all_fleets:
            fleet.capture = settings
        for production, mirror in _mirrors(deployment):
            production.mirror = mirror
        fleets = deployment.all_fleets
        started = await asyncio.gather(*(fleet.start() for fleet in fleets))
        for fleet, healthy in zip(fleets, started, strict=True):
            if not healthy:
                raise DeploymentFailed(PING_FAILED.format(fleet.variant))
            self.note_simulated(fleet)
        return deployment

    def note_simulated(self, fleet: Fleet) -> None:
        """Say in the endpoint's logs when some of a fleet's instances are only counted."""
        text = fleet.simulation
        if text:
            log.info("%s/%s: %s", fleet.container.endpoint, fleet.variant, text)
            self._note(fleet.container, text)

    def _fleets(self, variants: Any, containers: Mapping[str, Container], kept: Kept) -> dict[str, Fleet]:
        fleets = {}
        for variant in variants:
            name = variant["VariantName"]
            chosen = {**variant, **kept.get(name, {})}
            count = int(chosen.get("InitialInstanceCount", 1))
            weight = float(chosen.get("InitialVariantWeight", 1.0))
            fleets[name] = Fleet(self._host, containers[name], count, weight)
            strategy = (variant.get("RoutingConfig") or {}).get("RoutingStrategy")
            fleets[name].least_busy = strategy == "LEAST_OUTSTANDING_REQUESTS"
        return fleets


def _mirrors(deployment: Deployment) -> Iterator[tuple[Fleet, Mirror]]:
    """Each production fleet with the shadow that gets copies of its requests.

    The shadow's weight relative to the production variant's is the share of requests that are copied.
    """
    for production in deployment.fleets.values():
        for shadow in deployment.shadows.values():
            share = shadow.weight / production.weight if production.weight else 1.0
            yield production, Mirror(shadow, min(share, 1.0))
