"""A real sandbox for a test: started on a free port, ended with the test.

    with start(tmp_path / "sandbox") as sandbox:
        sandbox.client("sagemaker").list_endpoints()

It ends with the process that started it, even when that is killed.
"""

import http.client
import json
import subprocess
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3

from sandbox.control.daemon import spawn
from sandbox.control.environment import environment
from sandbox.core.settings import HOST, SandboxError, Settings

STOP_LIMIT = 30.0


@dataclass
class SandboxHandle:
    """A running sandbox. `env` is what `sandbox env` would export, as a dictionary."""

    endpoint_url: str
    home: Path
    env: dict[str, str]
    record: dict[str, Any]
    process: subprocess.Popen[bytes]

    def session(self) -> boto3.Session:
        """A boto3 session with the sandbox's keys and region; its clients still need the endpoint."""
        return boto3.Session(
            aws_access_key_id=self.env["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=self.env["AWS_SECRET_ACCESS_KEY"],
            region_name=self.env["AWS_REGION"],
        )

    def client(self, service: str, **options: Any) -> Any:
        """A boto3 client of the sandbox."""
        return self.session().client(service, endpoint_url=self.endpoint_url, **options)

    def faults(self, kind: str, **members: Any) -> dict[str, Any]:
        """Ask for a fault; see docs/sandbox.md for the kinds."""
        return self.ask("POST", "faults", {"kind": kind, **members})

    def clear_faults(self) -> None:
        """Forget all faults that wait."""
        self.ask("DELETE", "faults")

    def calls(self) -> dict[str, dict[str, int]]:
        """How often each action was called: `{"sagemaker": {"UpdateEndpoint": 1}}`."""
        return self.ask("GET", "calls")

    def permissions(self, role: str = "") -> dict[str, list[str]]:
        """What the callers of all actions needed, or SageMaker of a role: resources by IAM's action."""
        return self.ask("GET", f"permissions/{role}" if role else "permissions")

    def enforce(self, key: str, documents: Sequence[Mapping[str, Any]]) -> None:
        """Have callers with this access key these IAM policies and no other rights."""
        self.ask("PUT", f"policies/{key}", {"documents": list(documents)})

    def reset_calls(self) -> None:
        """Begin counting anew."""
        self.ask("DELETE", "calls")

    def advance_clock(self, seconds: float) -> float:
        """Move CloudWatch's clock forward, so that alarms are evaluated; returns its time."""
        return self.ask("POST", "clock", {"advance": seconds})["now"]

    def status(self) -> dict[str, Any]:
        """What `sandbox status --json` says."""
        return self.ask("GET", "status")

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """One request to `/_sandbox/`. Raises SandboxError on an error answer."""
        connection = http.client.HTTPConnection(HOST, self.record["port"], timeout=30)
        try:
            connection.request(method, f"/_sandbox/{path}", json.dumps(body) if body is not None else None)
            response = connection.getresponse()
            answer = json.loads(response.read())
        finally:
            connection.close()
        if response.status >= 400:
            raise SandboxError(answer["error"])
        return answer

    def stop(self) -> None:
        """End the sandbox and wait until it is gone; a second time does nothing."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(STOP_LIMIT)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if self.process.stdin is not None:
            self.process.stdin.close()


@contextmanager
def start(home: Path, **options: Any) -> Generator[SandboxHandle]:
    """Start a sandbox in `home` on a free port and end it afterwards.

    `options` are those of `sandbox up`, with underscores: port, time_scale, instance_cap, ping_timeout,
    runtime, container_memory. Raises SandboxError when it does not start.
    """
    handle = launch(home, **options)
    try:
        yield handle
    finally:
        handle.stop()


def launch(home: Path, **options: Any) -> SandboxHandle:
    """As `start`, for whoever ends it by `stop`."""
    home = home.absolute()
    arguments = [f"--{name.replace('_', '-')}={value}" for name, value in {"port": 0, **options}.items()]
    (home / "logs").mkdir(parents=True, exist_ok=True)
    command = ["up", "--foreground", "--home", str(home), *arguments, "--end-with-stdin"]
    with (home / "logs" / "sandbox.log").open("ab") as log:
        process, record = spawn(command, log, subprocess.PIPE)
    if "error" in record:
        process.wait()
        raise SandboxError(*record["error"], exit_code=record.get("exit_code", 4))
    env = environment(Settings(home), record)
    return SandboxHandle(record["endpoint_url"], home, env, record, process)
