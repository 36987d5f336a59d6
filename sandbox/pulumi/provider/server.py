"""The gRPC side of the provider: requests in, `lifecycle` does the work, answers out.

Answers over `pulumirpc.ResourceProvider` directly: the SDK's provider class does not pass on a resource's
old inputs, and puts tracebacks into the errors that users read.
"""

import threading
from collections.abc import Callable
from typing import Any, TypeVar

import grpc
from google.protobuf import any_pb2, empty_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc, status_pb2

from sandbox.pulumi.provider.aws import Aws, ProviderError, Settings
from sandbox.pulumi.provider.lifecycle import Difference, Lifecycle, PartialError
from sandbox.pulumi.provider.properties import Kind
from sandbox.pulumi.provider.resource_types import RESOURCES, schema
from sandbox.pulumi.provider.settings import check_settings, parse_settings
from sandbox.pulumi.provider.values import Properties, to_python, to_struct

Answer = TypeVar("Answer")

# protobuf makes its classes at run time, where no type checker sees them.
EMPTY: Any = empty_pb2.Empty  # ty: ignore[missing-attribute]
ANY: Any = any_pb2.Any  # ty: ignore[missing-attribute]

_KINDS = {
    Kind.ADD: (provider_pb2.PropertyDiff.ADD, provider_pb2.PropertyDiff.ADD_REPLACE),
    Kind.DELETE: (provider_pb2.PropertyDiff.DELETE, provider_pb2.PropertyDiff.DELETE_REPLACE),
    Kind.UPDATE: (provider_pb2.PropertyDiff.UPDATE, provider_pb2.PropertyDiff.UPDATE_REPLACE),
}


class AwsProvider(provider_pb2_grpc.ResourceProviderServicer):
    """The provider for one engine."""

    def __init__(self, version: str) -> None:
        self._version = version
        self._stopping = threading.Event()
        self._aws = Aws(Settings(), self._stopping)

    def register(self, server: grpc.Server) -> None:
        """Add this provider to a gRPC server."""
        provider_pb2_grpc.add_ResourceProviderServicer_to_server(self, server)

    def stop(self) -> None:
        """End every wait that is under way."""
        self._stopping.set()

    def Handshake(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        """Say that values come without secrets or references: nothing here handles either."""
        return provider_pb2.ProviderHandshakeResponse(
            accept_secrets=False, accept_resources=False, accept_outputs=False
        )

    def GetPluginInfo(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        """Name the version that this provider stands in for."""
        return plugin_pb2.PluginInfo(version=self._version)

    def GetSchema(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        """Describe the types that this provider knows."""
        return provider_pb2.GetSchemaResponse(schema=schema(self._version))

    def CheckConfig(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        """Refuse settings that this provider does not know."""
        failures = [
            provider_pb2.CheckFailure(property=name, reason=reason)
            for name, reason in check_settings(to_python(request.news))
        ]
        return provider_pb2.CheckResponse(inputs=request.news, failures=failures)

    def DiffConfig(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        """A change of settings replaces nothing."""
        return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_UNKNOWN)

    def Configure(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        """Take the settings, and check whose credentials these are."""

        def configure() -> Any:
            self._aws = Aws(parse_settings(to_python(request.args)), self._stopping)
            self._aws.verify_account()
            return provider_pb2.ConfigureResponse(supportsPreview=True)

        return _answer(context, configure)

    def Check(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        """Check a resource's inputs."""

        def check() -> Any:
            found = self._lifecycle(request).check(to_python(request.news))
            failures = [provider_pb2.CheckFailure(property=name, reason=reason) for name, reason in found]
            return provider_pb2.CheckResponse(inputs=request.news, failures=failures)

        return _answer(context, check)

    def Diff(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        """Compare a resource's state with its new inputs."""
        return _answer(context, lambda: _diff_response(self._diff(request)))

    def Create(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        """Create a resource, or say what is known of one that would be created."""
        inputs = to_python(request.properties)

        def create() -> Any:
            lifecycle = self._lifecycle(request)
            if request.preview:
                return provider_pb2.CreateResponse(properties=to_struct(lifecycle.preview_create(inputs)))
            identifier, state = lifecycle.create(inputs, request.timeout)
            return provider_pb2.CreateResponse(id=identifier, properties=to_struct(state))

        return _answer(context, create, inputs)

    def Read(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        """Read a resource back from AWS; an empty id says that it is gone."""

        def read() -> Any:
            found = self._lifecycle(request).read(
                request.id, to_python(request.properties), to_python(request.inputs)
            )
            if found is None:
                return provider_pb2.ReadResponse()
            identifier, state, inputs = found
            return provider_pb2.ReadResponse(
                id=identifier, properties=to_struct(state), inputs=to_struct(inputs)
            )

        return _answer(context, read)

    def Update(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        """Apply new inputs to a resource, or say what is known of the result."""
        inputs, state = to_python(request.news), to_python(request.olds)

        def update() -> Any:
            lifecycle = self._lifecycle(request)
            if request.preview:
                outputs = lifecycle.preview_update(state, inputs)
            else:
                outputs = lifecycle.update(request.id, self._diff(request), state, inputs, request.timeout)
            return provider_pb2.UpdateResponse(properties=to_struct(outputs))

        return _answer(context, update, inputs)

    def Delete(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        """Delete a resource."""

        def delete() -> Any:
            self._lifecycle(request).delete(request.id, to_python(request.properties), request.timeout)
            return EMPTY()

        return _answer(context, delete)

    def Invoke(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        """Refuse: the program looks nothing up, all that it needs is data."""

        def invoke() -> Any:
            raise ProviderError(f"the sandbox's AWS provider does not know the function {request.tok}")

        return _answer(context, invoke)

    def Cancel(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        """End every wait that is under way."""
        self.stop()
        return EMPTY()

    def _lifecycle(self, request: Any) -> Lifecycle:
        token = request.type or request.urn.split("::")[2].rsplit("$", 1)[-1]
        if token not in RESOURCES:
            raise ProviderError(
                f"the sandbox's AWS provider does not know the resource type {token}. "
                "It stands in for the real one where that cannot be downloaded, for the types that "
                "Slipway's program uses."
            )
        return Lifecycle(RESOURCES[token], self._aws)

    def _diff(self, request: Any) -> Difference:
        return self._lifecycle(request).diff(
            to_python(request.old_inputs),
            to_python(request.olds),
            to_python(request.news),
            list(request.ignoreChanges),
        )


def _answer(
    context: grpc.ServicerContext, work: Callable[[], Answer], inputs: Properties | None = None
) -> Answer:
    """Return what `work` returns; turn its errors into gRPC errors that read well in Pulumi's output."""
    try:
        return work()
    except ProviderError as error:
        context.abort(grpc.StatusCode.UNKNOWN, str(error))
    except PartialError as error:
        _abort_partial(context, error, inputs or {})
    raise AssertionError("abort raises")


def _abort_partial(context: grpc.ServicerContext, error: PartialError, inputs: Properties) -> None:
    """Fail, and hand the engine the state of what exists, so that the next run knows of it."""
    detail = ANY()
    detail.Pack(
        provider_pb2.ErrorResourceInitFailed(
            id=error.identifier,
            properties=to_struct(error.state),
            reasons=[str(error)],
            inputs=to_struct(inputs),
        )
    )
    code = grpc.StatusCode.UNKNOWN
    status = status_pb2.Status(code=code.value[0], message=str(error), details=[detail])
    context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
    context.abort(code, str(error))


def _diff_response(difference: Difference) -> Any:
    if not difference.changes:
        return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE, hasDetailedDiff=True)
    detailed = {
        change.path: provider_pb2.PropertyDiff(kind=_KINDS[change.kind][change.replaces])
        for change in difference.changes
    }
    return provider_pb2.DiffResponse(
        changes=provider_pb2.DiffResponse.DIFF_SOME,
        diffs=sorted({change.name for change in difference.changes}),
        replaces=sorted({change.name for change in difference.changes if change.replaces}),
        deleteBeforeReplace=difference.delete_first,
        detailedDiff=detailed,
        hasDetailedDiff=True,
    )
