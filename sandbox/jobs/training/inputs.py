"""The files that a training job finds in /opt/ml/input: its configuration, its channels' data. Blocking."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sandbox.jobs.running.folders import make_folder, write_files
from sandbox.jobs.running.objects import (
    ObjectError,
    Objects,
    Owner,
    joined,
    named_in_manifest,
    names_below,
    source_of,
)

HOST = "algo-1"
"""The name of the one instance of a job."""


def config_files(request: Mapping[str, Any]) -> dict[str, Any]:
    """The contents of /opt/ml/input/config, by the files' names. Pure."""
    resources = request.get("ResourceConfig") or {}
    kind = resources.get("InstanceType", "")
    group = {"instance_group_name": "homogeneousCluster", "instance_type": kind, "hosts": [HOST]}
    return {
        "hyperparameters.json": dict(request.get("HyperParameters") or {}),
        "inputdataconfig.json": {
            channel["ChannelName"]: _described(channel, request)
            for channel in request.get("InputDataConfig") or []
        },
        "resourceconfig.json": {
            "current_host": HOST,
            "current_instance_type": kind,
            "current_group_name": "homogeneousCluster",
            "hosts": [HOST],
            "instance_groups": [group],
            "network_interface_name": "eth0",
        },
    }


def _described(channel: Mapping[str, Any], request: Mapping[str, Any]) -> dict[str, str]:
    mode = channel.get("InputMode") or request["AlgorithmSpecification"]["TrainingInputMode"]
    described = {
        "TrainingInputMode": mode,
        "S3DistributionType": source_of(channel).get("S3DataDistributionType", "FullyReplicated"),
        "RecordWrapperType": channel.get("RecordWrapperType", "None"),
    }
    return described | ({"ContentType": channel["ContentType"]} if "ContentType" in channel else {})


def fill(ml: Path, request: Mapping[str, Any], objects: Objects, owner: Owner) -> None:
    """Lay the whole input into /opt/ml, and make the output's folders. Raises ObjectError and OSError."""
    config = {name: json.dumps(value).encode() for name, value in config_files(request).items()}
    for part in ("model", "output/data", "input/data", "checkpoints"):
        make_folder(ml / part)
    write_files(make_folder(ml / "input/config"), config.items())
    for channel in request.get("InputDataConfig") or []:
        folder = make_folder(ml / "input/data" / channel["ChannelName"])
        named = files_of(channel, objects, owner)
        write_files(folder, ((name, objects.read(owner, uri)) for uri, name in named.items()))


def files_of(channel: Mapping[str, Any], objects: Objects, owner: Owner) -> dict[str, str]:
    """The path below its channel's folder that each object becomes. Raises ObjectError."""
    source = source_of(channel)
    uri = source["S3Uri"]
    if source["S3DataType"] == "S3Prefix":
        return names_below(uri, objects.below(owner, uri))
    try:
        return named_in_manifest(objects.read(owner, uri))
    except (ValueError, TypeError) as error:
        raise ObjectError(f"Manifest {uri} is not valid: {error}") from error


def model_place(request: Mapping[str, Any]) -> str:
    """Where a job's model goes, as S3ModelArtifacts. Pure."""
    name = "model" if request["OutputDataConfig"].get("CompressionType") == "NONE" else "model.tar.gz"
    return output_place(request, name)


def output_place(request: Mapping[str, Any], name: str) -> str:
    """Where a file of a job's output goes. Pure."""
    return joined(request["OutputDataConfig"]["S3OutputPath"], request["TrainingJobName"], "output", name)
