"""Which runtime the settings name."""

from sandbox.core.settings import Settings
from sandbox.serving.engines.engine import find_engine
from sandbox.serving.runtimes.container_runtime import ContainerRuntime
from sandbox.serving.runtimes.process_runtime import ProcessRuntime
from sandbox.serving.runtimes.runtime import Runtime


def runtime_of(settings: Settings) -> Runtime:
    """The runtime that the settings name. Raises SandboxError when no engine works here."""
    return (
        ContainerRuntime(settings, find_engine())
        if settings.runtime == "container"
        else ProcessRuntime(settings)
    )
