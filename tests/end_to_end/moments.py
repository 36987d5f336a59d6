"""Moments of a command that works in a stage, told by what it left there: in the ledger, in SageMaker."""

import subprocess
from collections.abc import Callable
from dataclasses import dataclass

from release.domain import names
from release.domain.ledger import Stored
from tests.end_to_end.world import World, kill_group, kill_process, wait_until


@dataclass(frozen=True)
class Watch:
    """A stage as it was before a command, to be compared with what it is now."""

    world: World
    stage: str
    bucket: str
    entries: int
    models: frozenset[str]
    configs: frozenset[str]
    served: str | None
    """The endpoint config that served."""

    def wait_for(self, moment: str, process: subprocess.Popen[str]) -> None:
        """Wait until a command has come to a moment of MOMENTS, or to an event of the ledger.

        The test fails when the command is over then: nobody could stop it there.
        """
        come = MOMENTS.get(moment, lambda watch: watch.entered(moment))
        wait_until(lambda: come(self) or process.poll() is not None, moment)
        assert process.poll() is None, f"the command was over before it could be stopped at {moment!r}"

    def kill(self, process: subprocess.Popen[str], moment: str, killed: str) -> None:
        """Kill a command at a moment: the process alone, or its whole group."""
        self.wait_for(moment, process)
        KILL[killed](process)

    def entered(self, event: str) -> bool:
        """Whether the stage's ledger has come to `event` since."""
        s3, after = self.world.client("s3"), f"ledger/{self.entries:08d}.json"
        try:
            found = s3.list_objects_v2(Bucket=self.bucket, Prefix="ledger/", StartAfter=after)
        except s3.exceptions.NoSuchBucket:
            return False  # the stage is still being provisioned
        bodies = (
            s3.get_object(Bucket=self.bucket, Key=item["Key"])["Body"].read()
            for item in reversed(found.get("Contents", []))
        )
        return any(Stored.from_bytes(body).entry.what.event == event for body in bodies)

    def updating(self) -> bool:
        """Whether SageMaker is moving the traffic, or has moved it."""
        found = self.world.describe(self.stage)
        return found["EndpointStatus"] == "Updating" or found["EndpointConfigName"] != self.served

    def model_made(self) -> bool:
        """Whether there is a model that was not there before."""
        return bool(_models(self.world) - self.models)

    def config_made(self) -> bool:
        """Whether there is an endpoint config that was not there before."""
        return bool(_configs(self.world) - self.configs)

    def model_gone(self) -> bool:
        """Whether a model that was there before is gone."""
        return bool(self.models - _models(self.world))

    def config_gone(self) -> bool:
        """Whether an endpoint config that was there before is gone."""
        return bool(self.configs - _configs(self.world))


KILL = {"process": kill_process, "group": kill_group}
"""What a process started goes on when it alone is killed, and dies with its group."""
MOMENTS: dict[str, Callable[[Watch], bool]] = {
    "a model is made": Watch.model_made,
    "a config is made": Watch.config_made,
    "SageMaker updates": Watch.updating,
    "a config is gone": Watch.config_gone,
    "a model is gone": Watch.model_gone,
}
"""Moments in SageMaker, by name. Every other moment is an event of the ledger."""


def watch(world: World, stage: str) -> Watch:
    """A stage as it is now."""
    ports = world.ports(stage)
    entries = ports.ledger.latest(1) if ports.ledger.exists() else []
    last = entries[-1].entry.number if entries else 0
    served = ports.endpoints.describe(names.endpoint("delays", stage))
    config = served["EndpointConfigName"] if served else None
    return Watch(world, stage, ports.artifacts.bucket, last, _models(world), _configs(world), config)


def _models(world: World) -> frozenset[str]:
    pages = world.client("sagemaker").get_paginator("list_models").paginate()
    return frozenset(found["ModelName"] for page in pages for found in page["Models"])


def _configs(world: World) -> frozenset[str]:
    pages = world.client("sagemaker").get_paginator("list_endpoint_configs").paginate()
    return frozenset(found["EndpointConfigName"] for page in pages for found in page["EndpointConfigs"])
