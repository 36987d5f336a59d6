"""Every member that actions which create something take: served here as there, kept, or refused.

*Served* has the effect that AWS documents. *Kept* is described again and changes nothing, for its effect is
on what a laptop does not have: disks, networks, GPUs, keys. What is neither is *refused* by NotImplemented: a
client that was told yes would believe in something that is not there.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sandbox.aws.sagemaker.job_members import JOB_MEMBERS, JOB_VALUES
from sandbox.aws.sagemaker.member_kinds import Kind, Members, Values, every, inside
from sandbox.aws.shared.errors import BadRequest

_S3 = "ModelDataSource.S3DataSource"
_CONTAINER: Members = {
    **every("served", "Image", "ModelDataUrl", "Environment", "Mode"),
    **every("served", f"{_S3}.S3Uri", f"{_S3}.S3DataType", f"{_S3}.CompressionType"),
    **every("kept", "ContainerHostname", "ImageConfig.RepositoryAccessMode", f"{_S3}.ModelAccessConfig"),
    **every(
        "refused", f"{_S3}.HubAccessConfig", f"{_S3}.ManifestS3Uri", f"{_S3}.ETag", f"{_S3}.ManifestEtag"
    ),
    **every("refused", "ImageConfig.RepositoryAuthConfig", "AdditionalModelDataSources"),
    **every("served", "ModelPackageName"),
    **every("refused", "InferenceSpecificationName"),
    **every("refused", "MultiModelConfig", "ContainerMetricsConfig"),
}
_VARIANT: Members = {
    **every("served", "VariantName", "ModelName", "InitialInstanceCount", "InstanceType"),
    **every("served", "InitialVariantWeight", "ServerlessConfig", "RoutingConfig.RoutingStrategy"),
    **every("kept", "VolumeSizeInGB", "ModelDataDownloadTimeoutInSeconds", "EnableSSMAccess"),
    **every("kept", "ContainerStartupHealthCheckTimeoutInSeconds", "InferenceAmiVersion", "CoreDumpConfig"),
    **every("refused", "InstancePools", "VariantInstanceProvisionTimeoutInSeconds", "AcceleratorType"),
    **every("refused", "ManagedInstanceScaling", "RoutingConfig.PrefixAwareRoutingConfig"),
    **every("refused", "CapacityReservationConfig", "AcceleratorPartitionLayouts"),
}


MEMBERS: Mapping[str, Members] = {
    "CreateModel": {
        **every("served", "ModelName", "ExecutionRoleArn", "Tags"),
        **inside("PrimaryContainer", _CONTAINER),
        **inside("Containers", _CONTAINER),
        **every("kept", "VpcConfig", "EnableNetworkIsolation"),
        **every("refused", "InferenceExecutionConfig"),
    },
    "CreateEndpointConfig": {
        **every("served", "EndpointConfigName", "DataCaptureConfig", "Tags"),
        **inside("ProductionVariants", _VARIANT),
        **inside("ShadowProductionVariants", _VARIANT),
        **every("kept", "KmsKeyId", "ExecutionRoleArn", "VpcConfig", "EnableNetworkIsolation"),
        **every("refused", "AsyncInferenceConfig", "ExplainerConfig"),
        **every("refused", "MetricsConfig", "CrossRegionTrafficConfig"),
    },
    **JOB_MEMBERS,
}
"""By action and member, `.` between levels; what is said of a structure holds for all that is in it."""

VALUES: Mapping[str, Values] = {
    "CreateModel": {
        f"{container}.{name}": values
        for container in ("PrimaryContainer", "Containers")
        for name, values in {
            "Mode": frozenset({"SingleModel"}),
            "ModelDataSource.S3DataSource.S3DataType": frozenset({"S3Object"}),
            "ModelDataSource.S3DataSource.CompressionType": frozenset({"Gzip"}),
            "ImageConfig.RepositoryAccessMode": frozenset({"Platform"}),
        }.items()
    },
    "CreateEndpointConfig": {},
    **JOB_VALUES,
}
"""The only values that are taken of some members."""


def refuse_uncovered(action: str, request: Mapping[str, Any]) -> None:
    """Raise BadRequest for a member, or a value of one, that would not be what it is on AWS."""
    for path, value in _given(request):
        allowed = VALUES[action].get(path)
        if kind_of(action, path) == "refused" or (allowed and value not in allowed):
            what = f"{value!r} as {path}" if allowed else path
            raise BadRequest(
                "NotImplemented",
                f"The sandbox does not cover {what} of {action}, so nothing was made. Add it in "
                f"sandbox/aws/sagemaker/{'job_members' if action in JOB_MEMBERS else 'members'}.py.",
                501,
            )


def kind_of(action: str, path: str) -> Kind | None:
    """What is said of a member, or of the structure that it is in; None where nothing is."""
    while path:
        if path in MEMBERS[action]:
            return MEMBERS[action][path]
        path = path.rpartition(".")[0]
    return None


def _given(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every member that a request gives, lists without their numbers."""
    if path:
        yield path, value
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _given(inner, f"{path}.{name}" if path else name)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for inner in value:
            yield from (one for one in _given(inner, path) if one[0] != path)
