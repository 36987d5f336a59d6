"""The gRPC side of the language host: requests in, `program` and `packages` do the work, answers out."""

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import empty_pb2, json_format
from pulumi.runtime.proto import language_pb2, language_pb2_grpc, plugin_pb2

from sandbox.pulumi.language_host import packages
from sandbox.pulumi.language_host.program import BAIL_EXIT_CODE, Program, Run, Running, interpreter

# protobuf makes its classes at run time, where no type checker sees them.
EMPTY: Any = empty_pb2.Empty  # ty: ignore[missing-attribute]


class LanguageHost(language_pb2_grpc.LanguageRuntimeServicer):
    """Runs Python programs for the engine at `engine_address` with the SDK's `executor` file."""

    def __init__(self, executor: Path, engine_address: str) -> None:
        self._executor = executor
        self._engine_address = engine_address
        self._running = Running()

    def register(self, server: grpc.Server) -> None:
        """Add this host to a gRPC server."""
        language_pb2_grpc.add_LanguageRuntimeServicer_to_server(self, server)

    def stop(self) -> None:
        """End the programs that run now."""
        self._running.stop()

    def Handshake(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        """Accept the engine's address."""
        self._engine_address = request.engine_address or self._engine_address
        return language_pb2.LanguageHandshakeResponse()

    def GetPluginInfo(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        """Say which SDK version this host runs."""
        return plugin_pb2.PluginInfo(version=packages.version_of("pulumi") or "")

    def GetRequiredPlugins(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        """Name no plugin: resources name theirs, with its version, when they register."""
        return language_pb2.GetRequiredPluginsResponse()

    def GetRequiredPackages(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        """Name the providers whose Python SDKs are installed for the program."""
        found = packages.required(interpreter(_program(request.info)))
        return language_pb2.GetRequiredPackagesResponse(
            packages=[
                plugin_pb2.PackageDependency(name=name, kind="resource", version=f"v{version}")
                for name, version in found
            ]
        )

    def GetProgramDependencies(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        """Name the distributions installed for the program."""
        found = packages.installed(interpreter(_program(request.info)))
        return language_pb2.GetProgramDependenciesResponse(
            dependencies=[language_pb2.DependencyInfo(name=name, version=version) for name, version in found]
        )

    def About(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        """Name the interpreter and its version."""
        python = interpreter(_program(request.info))
        return language_pb2.AboutResponse(executable=str(python), version=packages.python_version(python))

    def RuntimeOptionsPrompts(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        """Ask nothing of `pulumi new`."""
        return language_pb2.RuntimeOptionsResponse()

    def InstallDependencies(self, request: Any, context: grpc.ServicerContext) -> Iterator[Any]:  # noqa: N802
        """Install nothing: the project's own set-up made its virtual environment."""
        yield from ()

    def Run(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        """Run the program, and answer when it has ended."""
        run = Run(
            project=request.project,
            stack=request.stack,
            organization=request.organization,
            parallel=request.parallel,
            dry_run=request.dryRun,
            monitor=request.monitor_address,
            engine=self._engine_address,
            config=dict(request.config),
            secret_keys=list(request.configSecretKeys),
            arguments=list(request.args),
        )
        try:
            code = self._running.run(_program(request.info), run, self._executor)
        except OSError as error:
            return language_pb2.RunResponse(error=f"the program could not be started: {error}")
        return language_pb2.RunResponse(error=_error_of(code), bail=code == BAIL_EXIT_CODE)

    def Cancel(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        """End the program."""
        self._running.stop()
        return EMPTY()


def _error_of(code: int) -> str:
    if code in (0, BAIL_EXIT_CODE):
        return ""
    if code < 0:
        return f"the program was ended by {signal.Signals(-code).name}"
    return f"the program exited with non-zero exit code: {code}"


def _program(info: Any) -> Program:
    return Program(
        root=Path(info.root_directory),
        directory=Path(info.program_directory or info.root_directory),
        entry_point=info.entry_point or ".",
        options=json_format.MessageToDict(info.options),
    )
