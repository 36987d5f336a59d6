"""Puts the parts of a sandbox together and runs them on one event loop until it is told to stop."""

import asyncio
import contextlib
import logging
import os
import signal
import socket
import sys
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from typing import Any

import uvicorn

from sandbox.aws.autoscaling import api as autoscaling
from sandbox.aws.autoscaling.scaler import Scaler
from sandbox.aws.cloudformation import api as cloudformation
from sandbox.aws.cloudwatch.alarms import events as alarm_events
from sandbox.aws.cloudwatch.service import CloudWatch
from sandbox.aws.dispatch.application import Moto
from sandbox.aws.ecr import api as ecr
from sandbox.aws.ecr.catalog import Catalog, find_image
from sandbox.aws.ecr.registry_gateway import Gateway
from sandbox.aws.ecr.registry_process import start_registry
from sandbox.aws.events import api as events
from sandbox.aws.events.bus import Events
from sandbox.aws.iam import api as iam
from sandbox.aws.logs.api import LogsApi
from sandbox.aws.s3 import api as s3
from sandbox.aws.s3 import objects
from sandbox.aws.sagemaker import moto_objects, tags
from sandbox.aws.sagemaker.endpoint_configs import api as endpoint_configs
from sandbox.aws.sagemaker.endpoints import api as endpoints
from sandbox.aws.sagemaker.endpoints import events as endpoint_events
from sandbox.aws.sagemaker.endpoints.service import EndpointService
from sandbox.aws.sagemaker.execution_roles import ExecutionRoles
from sandbox.aws.sagemaker.jobs.lookup import job_status
from sandbox.aws.sagemaker.metrics.instances import InstanceMetrics
from sandbox.aws.sagemaker.metrics.invocations import InvocationMetrics
from sandbox.aws.sagemaker.model_packages import api as model_packages
from sandbox.aws.sagemaker.models import api as models
from sandbox.aws.sagemaker_runtime.answers import log_group
from sandbox.aws.sagemaker_runtime.api import Invocations
from sandbox.aws.service_quotas import api as quotas
from sandbox.aws.shared.calls import Calls
from sandbox.aws.sns import api as sns
from sandbox.aws.sns.http import Posts
from sandbox.control.admin import Admin, endpoint_status
from sandbox.control.app import App
from sandbox.control.home import Home, Ready, unusable
from sandbox.control.jobs import Jobs
from sandbox.core import clock
from sandbox.core.faults import Fault, Faults
from sandbox.core.settings import HOST, SandboxError, Settings
from sandbox.processes.supervisor import Child, Supervisor
from sandbox.pulumi.toolchain import prepare_pulumi_home
from sandbox.serving.capture.writer import INTERVAL as CAPTURE_INTERVAL
from sandbox.serving.capture.writer import Captures
from sandbox.serving.endpoints.container_builder import ContainerBuilder
from sandbox.serving.endpoints.deployer import Deployer
from sandbox.serving.endpoints.launcher import Launcher
from sandbox.serving.endpoints.state import Endpoint
from sandbox.serving.fleets.host import Host, link_python, new_client
from sandbox.serving.fleets.instance import Instance
from sandbox.serving.fleets.log_follower import INTERVAL, LogFollower
from sandbox.serving.runtimes.choice import runtime_of
from sandbox.serving.runtimes.container import Container
from sandbox.serving.runtimes.runtime import Runtime

log = logging.getLogger(__name__)

_GRACE = 5
"""Seconds that requests in flight get when the sandbox stops."""


class _Server(uvicorn.Server):
    """uvicorn without its own signal handling: the sandbox has more to end than a server."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        yield


class Sandbox:
    """One running sandbox: makes its parts, serves, does the regular chores, and ends everything."""

    def __init__(self, settings: Settings, home: Home, listener: socket.socket, runtime: Runtime) -> None:
        self._settings = settings
        self._runtime = runtime
        self._home = home
        self._listener = listener
        self._port = listener.getsockname()[1]
        self._calls, self._faults = Calls(), Faults()
        self._cloudwatch = CloudWatch(settings.time_scale, self._hand_on)
        self._log_events = LogsApi(self._cloudwatch.clock)
        self._invocation_metrics = InvocationMetrics(self._cloudwatch.clock)
        self._roles = ExecutionRoles(self._calls)
        self._instance_metrics = InstanceMetrics(self._cloudwatch.clock, self._roles)
        self._supervisor = Supervisor()
        self._logs = LogFollower(self._publish)
        self._captures = Captures(self._roles.write)
        self._events = Events()
        self._posts = Posts(f"http://{HOST}:{self._port}")
        self._stop = asyncio.Event()

    async def run(self, ready: Ready) -> None:
        """Start, say `ready`, serve, end. Raises SandboxError."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop.set)
        if self._settings.end_with_stdin:
            loop.add_reader(sys.stdin.fileno(), self._stdin_is_readable)
        await self._supervisor.start()
        try:
            async with new_client(self._runtime.socket_factory) as client:
                host = Host(self._settings, self._supervisor, client, self._runtime, self._logs.forget)
                registry, registry_port = await start_registry(self._settings, self._supervisor, client)
                app, moto = self._build(host, registry_port)
                try:
                    await self._serve(app, registry, ready)
                finally:
                    await self._jobs.close()
                    self._events.close()
                    self._posts.close()
                    moto.close()
        finally:
            await self._supervisor.close()
            await asyncio.to_thread(self._runtime.sweep)

    def _stdin_is_readable(self) -> None:
        """Nobody writes to it: readable means that it has ended."""
        if not os.read(sys.stdin.fileno(), 1024):
            asyncio.get_running_loop().remove_reader(sys.stdin.fileno())
            self._stop.set()

    def _build(self, host: Host, registry_port: int) -> tuple[App, Moto]:
        settings = self._settings
        catalog = Catalog(settings.registry)
        problem = self._roles.deployment_problem
        builder = ContainerBuilder(
            settings, self._faults, self._runtime, find_image, objects.read, problem, self._access
        )
        launcher = Launcher(host, builder, self._faults, self._note)
        in_alarm, unwatchable = self._cloudwatch.in_alarm, self._roles.alarm_problem
        deployer = Deployer(launcher, self._faults, in_alarm, unwatchable, settings.time_scale)
        self._service = EndpointService(asyncio.get_running_loop(), deployer, self._endpoint_moved)
        ecr.install(self._port, catalog, registry_port)
        endpoints.install(self._service, self._faults)
        quotas.install(self._faults)
        clock.install(self._faults)
        self._scaler = Scaler(self._service, self._cloudwatch, settings.time_scale)
        autoscaling.install(self._scaler)
        asked = self._faults, self._roles, self._cloudwatch.clock, self._log_events
        self._jobs = Jobs(host, builder, *asked, self._put_lines)
        self._jobs.install()
        beside = (s3, iam, cloudformation)
        models.install(self._roles)
        for module in (model_packages, endpoint_configs, tags, moto_objects, *beside):
            module.install()
        self._cloudwatch.install()
        self._cloudwatch.listen(self._alarm_changed)
        events.install(self._events)
        sns.install(self._posts)
        self._log_events.install()
        moto = Moto(self._calls, self._faults)
        gateway = Gateway(host.client, catalog, registry_port, self._calls)
        invocations = Invocations(
            self._service, host.client, self._invocation_metrics, self._calls, self._faults, self._captures
        )
        admin = Admin(self._status, self._calls, self._faults, self._cloudwatch.advance, self._at_once)
        return App(invocations, gateway, admin, moto, self._faults), moto

    def _endpoint_moved(self, endpoint: Endpoint) -> None:
        """Tell EventBridge, once what changes with the status has changed too."""
        status = endpoint_events.status(endpoint.endpoint_status.value)

        def tell() -> None:
            place = endpoint.account, endpoint.region
            detail = endpoint_events.detail(endpoint) | {"EndpointStatus": status}
            of = endpoint_events.SOURCE, endpoint_events.TYPE
            self._events.send(*place, *of, [endpoint.arn], detail)

        asyncio.get_running_loop().call_soon(tell)

    def _alarm_changed(self, account: str, region: str, arn: str, detail: Mapping[str, Any]) -> None:
        self._events.send(account, region, alarm_events.SOURCE, alarm_events.TYPE, [arn], detail)

    def _access(self, account: str, role: str) -> dict[str, str]:
        """What a container finds this sandbox by, and acts as its role with."""
        return {"AWS_ENDPOINT_URL": f"http://{HOST}:{self._port}", **self._roles.credentials(account, role)}

    def _at_once(self, fault: Fault) -> bool:
        """Let a fault happen that waits for nothing; False for one that has to wait. Raises BadFault."""
        if fault.kind == "system_update":
            self._service.patch(fault.endpoint, fault.seconds)
        return fault.kind == "system_update" or self._jobs.at_once(fault)

    async def _serve(self, app: App, registry: Child, ready: Ready) -> None:
        config = uvicorn.Config(
            app,
            lifespan="off",
            log_config=None,
            access_log=False,
            date_header=False,
            timeout_keep_alive=75,
            timeout_graceful_shutdown=_GRACE,
        )
        server = _Server(config)
        serving = asyncio.create_task(server.serve(sockets=[self._listener]))
        chores = asyncio.create_task(self._chores())
        alarms = asyncio.create_task(self._cloudwatch.run())
        capturing = asyncio.create_task(self._capture())
        while not server.started and not serving.done():
            await asyncio.sleep(0.005)
        self._home.write_record(self._record())
        ready(self._record())
        ends = [
            self._stop.wait(),
            self._supervisor.lost.wait(),
            asyncio.shield(registry.exited),
            asyncio.shield(serving),
        ]
        waiting = [asyncio.ensure_future(end) for end in ends]
        await asyncio.wait([*waiting, chores], return_when=asyncio.FIRST_COMPLETED)
        asked = self._stop.is_set()
        for task in (*waiting, chores, alarms, capturing):
            task.cancel()
        server.should_exit = True
        await serving
        if not asked:
            raise SandboxError(
                "A part of the sandbox ended by itself: the registry, the supervisor or the server.",
                "All its AWS state is gone.",
                f"See {self._settings.log}, then start it again.",
                exit_code=4,
            )

    async def _chores(self) -> None:
        """Hand logs and metrics on, and scale, twice a second."""
        while True:
            await asyncio.sleep(INTERVAL)
            self._hand_on()
            self._scaler.poll()

    async def _capture(self) -> None:
        """Write captured requests to S3, once a minute of SageMaker's time."""
        while True:
            await asyncio.sleep(max(CAPTURE_INTERVAL / self._settings.time_scale, INTERVAL))
            taken = self._captures.take()
            if taken:
                await asyncio.to_thread(self._captures.write, taken)

    def _hand_on(self) -> None:
        """Publish what was printed, counted and measured since the last time."""
        try:
            self._logs.poll([*self._instances(), *self._jobs.instances()])
            self._invocation_metrics.publish()
            self._instance_metrics.poll(self._instances())
            self._cloudwatch.tidy()
        except Exception:
            log.exception("logs or metrics were not published")

    def _publish(self, instance: Instance, lines: list[str]) -> None:
        self._put_lines(instance.container, instance.container.log_stream(instance.id), lines)

    def _note(self, container: Container, text: str) -> None:
        self._put_lines(container, container.log_stream("sandbox"), [text])

    def _put_lines(self, container: Container, stream: str, lines: Sequence[str]) -> None:
        group = container.log_group or log_group(container.endpoint)
        if not self._roles.may_log(container.account, container.region, container.role, group, stream):
            return
        self._log_events.put_lines(container.account, container.region, group, stream, lines)

    def _instances(self) -> Iterator[Instance]:
        for endpoint in self._service.all():
            for _, deployment in endpoint.deployments:
                for fleet in deployment.all_fleets:
                    yield from fleet.instances
                    yield from fleet.starting

    def _record(self) -> dict[str, Any]:
        return {
            "endpoint_url": f"http://{HOST}:{self._port}",
            "pid": os.getpid(),
            "home": str(self._settings.home),
            "port": self._port,
            "supervisor_pid": self._supervisor.pid,
            "time_scale": self._settings.time_scale,
            "instance_cap": self._settings.instance_cap,
            **self._runtime.describe(),
            "started_at": _STARTED,
        }

    def _status(self) -> dict[str, Any]:
        return {
            **self._record(),
            "time": f"1 real second stands for {self._settings.time_scale:g} seconds of SageMaker's waiting",
            "children": self._supervisor.pids,
            "endpoints": [endpoint_status(endpoint, self._captures) for endpoint in self._service.all()],
            "jobs": job_status(),
            "faults": self._faults.listed(),
            "calls": self._calls.by_service(),
            "recent_calls": self._calls.recent(),
        }


_STARTED = time.time()


def serve(settings: Settings, home: Home, listener: socket.socket, ready: Ready) -> None:
    """Run a sandbox on `listener` until it is told to stop. Raises SandboxError."""
    try:
        link_python(settings.python)
        prepare_pulumi_home(settings.pulumi_home)
    except OSError as error:
        raise unusable(settings.home, error) from error
    runtime = runtime_of(settings)
    runtime.sweep()  # of a sandbox that was killed together with its supervisor

    async def main() -> None:
        await Sandbox(settings, home, listener, runtime).run(ready)

    asyncio.run(main())
