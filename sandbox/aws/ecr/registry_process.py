"""Starts the OCI registry: `crane registry serve`, a child process of the sandbox on a port of its own."""

import asyncio
import os
import shutil
from pathlib import Path

import aiohttp

from sandbox.core.settings import HOST, SandboxError, Settings
from sandbox.processes.ports import free_port
from sandbox.processes.supervisor import Child, Supervisor

_START_LIMIT = 10.0


def find_crane() -> Path:
    """crane from SLIPWAY_CRANE, the checkout's .tools/bin, or PATH. Raises SandboxError."""
    tools = Path(__file__).resolve().parents[3] / ".tools" / "bin" / "crane"
    for candidate in (os.environ.get("SLIPWAY_CRANE"), str(tools), shutil.which("crane")):
        if candidate and os.access(candidate, os.X_OK):
            return Path(candidate)
    raise SandboxError(
        "crane was not found: not in SLIPWAY_CRANE, .tools/bin or PATH.",
        "The sandbox needs it for the registry behind ECR, so nothing was started.",
        "Run `make setup`, which builds it into .tools/bin.",
    )


async def start_registry(
    settings: Settings, supervisor: Supervisor, client: aiohttp.ClientSession
) -> tuple[Child, int]:
    """Start the registry and wait until it answers; returns the process and its port.

    Raises SandboxError.
    """
    folder = settings.registry
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    argv = [str(find_crane()), "registry", "serve", "--address", f"{HOST}:{port}", "--disk", str(folder)]
    log = settings.log.with_name("registry.log")
    child = await supervisor.spawn(argv, env={"HOME": str(folder)}, cwd=folder, log=log)
    async with asyncio.timeout(_START_LIMIT):
        while not await _answers(client, port):
            if not child.alive:
                raise SandboxError(f"The registry ended at once; see {log}.", exit_code=4)
            await asyncio.sleep(0.02)
    return child, port


async def _answers(client: aiohttp.ClientSession, port: int) -> bool:
    try:
        async with client.get(f"http://{HOST}:{port}/v2/") as answer:
            return answer.status == 200
    except (aiohttp.ClientError, OSError):
        return False
