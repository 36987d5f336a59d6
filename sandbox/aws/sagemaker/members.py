"""Every member that these actions take that make what is served or run: served as there, kept, or refused.

*Served* has the effect that AWS documents. *Kept* is described again and changes nothing, for its effect is
on what a laptop does not have: disks, networks, GPUs, keys. What is neither is *refused* by NotImplemented: a
client that was told yes would believe in something that is not there.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from sandbox.aws.shared.errors import BadRequest

Kind = Literal["served", "kept", "refused"]


def _all(kind: Kind, *members: str) -> dict[str, Kind]:
    return dict.fromkeys(members, kind)


_S3 = "ModelDataSource.S3DataSource"
_CONTAINER: Mapping[str, Kind] = {
    **_all("served", "Image", "ModelDataUrl", "Environment", "Mode"),
    **_all("served", f"{_S3}.S3Uri", f"{_S3}.S3DataType", f"{_S3}.CompressionType"),
    **_all("kept", "ContainerHostname", "ImageConfig.RepositoryAccessMode", f"{_S3}.ModelAccessConfig"),
    **_all("refused", f"{_S3}.HubAccessConfig", f"{_S3}.ManifestS3Uri", f"{_S3}.ETag", f"{_S3}.ManifestEtag"),
    **_all("refused", "ImageConfig.RepositoryAuthConfig", "AdditionalModelDataSources"),
    **_all("served", "ModelPackageName"),
    **_all("refused", "InferenceSpecificationName"),
    **_all("refused", "MultiModelConfig", "ContainerMetricsConfig"),
}
_VARIANT: Mapping[str, Kind] = {
    **_all("served", "VariantName", "ModelName", "InitialInstanceCount", "InstanceType"),
    **_all("served", "InitialVariantWeight", "ServerlessConfig", "RoutingConfig.RoutingStrategy"),
    **_all("kept", "VolumeSizeInGB", "ModelDataDownloadTimeoutInSeconds", "EnableSSMAccess"),
    **_all("kept", "ContainerStartupHealthCheckTimeoutInSeconds", "InferenceAmiVersion", "CoreDumpConfig"),
    **_all("refused", "InstancePools", "VariantInstanceProvisionTimeoutInSeconds", "AcceleratorType"),
    **_all("refused", "ManagedInstanceScaling", "RoutingConfig.PrefixAwareRoutingConfig"),
    **_all("refused", "CapacityReservationConfig", "AcceleratorPartitionLayouts"),
}


def _inside(member: str, kinds: Mapping[str, Kind]) -> dict[str, Kind]:
    return {f"{member}.{name}": kind for name, kind in kinds.items()}


MEMBERS: Mapping[str, Mapping[str, Kind]] = {
    "CreateModel": {
        **_all("served", "ModelName", "ExecutionRoleArn", "Tags"),
        **_inside("PrimaryContainer", _CONTAINER),
        **_inside("Containers", _CONTAINER),
        **_all("kept", "VpcConfig", "EnableNetworkIsolation"),
        **_all("refused", "InferenceExecutionConfig"),
    },
    "CreateEndpointConfig": {
        **_all("served", "EndpointConfigName", "DataCaptureConfig", "Tags"),
        **_inside("ProductionVariants", _VARIANT),
        **_inside("ShadowProductionVariants", _VARIANT),
        **_all("kept", "KmsKeyId", "ExecutionRoleArn", "VpcConfig", "EnableNetworkIsolation"),
        **_all("refused", "AsyncInferenceConfig", "ExplainerConfig"),
        **_all("refused", "MetricsConfig", "CrossRegionTrafficConfig"),
    },
    "CreateTransformJob": {
        **_all("served", "TransformJobName", "ModelName", "MaxConcurrentTransforms", "ModelClientConfig"),
        **_all("served", "MaxPayloadInMB", "BatchStrategy", "Environment", "DataProcessing", "Tags"),
        **_inside("TransformInput", _all("served", "DataSource", "ContentType", "CompressionType")),
        **_all("served", "TransformInput.SplitType", "TransformInput.DataSource.S3DataSource.S3DataType"),
        **_all("served", "TransformOutput", "TransformResources.InstanceCount"),
        **_all("kept", "TransformResources.InstanceType", "TransformResources.VolumeKmsKeyId"),
        **_all("kept", "TransformResources.TransformAmiVersion"),
        **_all("refused", "DataCaptureConfig", "ExperimentConfig"),
    },
}
"""By action and member, `.` between levels; what is said of a structure holds for all that is in it."""

VALUES: Mapping[str, Mapping[str, frozenset[str]]] = {
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
    "CreateTransformJob": {
        "TransformInput.SplitType": frozenset({"None", "Line"}),
        "TransformInput.DataSource.S3DataSource.S3DataType": frozenset({"S3Prefix", "ManifestFile"}),
    },
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
                "sandbox/aws/sagemaker/members.py.",
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
