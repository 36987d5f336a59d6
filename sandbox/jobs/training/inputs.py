"""The files that a training job finds in /opt/ml/input: its configuration, its channels' data. Blocking."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sandbox.jobs.running.folders import make_folder, write_files
from sandbox.jobs.running.objects import Objects, Owner, files_of, joined, source_of
from sandbox.jobs.running.services import HOST


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
        write_files(folder, files_of(source_of(channel), objects, owner))


def model_place(request: Mapping[str, Any]) -> str:
    """Where a job's model goes, as S3ModelArtifacts. Pure."""
    name = "model" if request["OutputDataConfig"].get("CompressionType") == "NONE" else "model.tar.gz"
    return output_place(request, name)


def output_place(request: Mapping[str, Any], name: str) -> str:
    """Where a file of a job's output goes. Pure."""
    return joined(request["OutputDataConfig"]["S3OutputPath"], request["TrainingJobName"], "output", name)
