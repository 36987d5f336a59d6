"""The files that a processing job finds in /opt/ml: its configuration and its inputs' data.

The two files of configuration are those of "How to Build Your Own Processing Container" in the developer
guide; a member that the request leaves out is null there, or has its default.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sandbox.jobs.running.folders import in_ml, make_folder, write_files
from sandbox.jobs.running.objects import Objects, Owner, files_of
from sandbox.jobs.running.services import HOST

_INPUT_DEFAULTS = {
    "S3DataDistributionType": "FullyReplicated",
    "S3InputMode": "File",
    "S3CompressionType": "None",
    "S3DownloadMode": "StartOfJob",
}


def config_files(request: Mapping[str, Any], arn: str) -> dict[str, Any]:
    """The contents of /opt/ml/config, by the files' names. Pure."""
    application = {"ContainerEntrypoint": None, "ContainerArguments": None, **request["AppSpecification"]}
    outputs = request.get("ProcessingOutputConfig") or {"Outputs": []}
    described = {
        "ProcessingJobArn": arn,
        "ProcessingJobName": request["ProcessingJobName"],
        "AppSpecification": application,
        "Environment": request.get("Environment"),
        "ProcessingInputs": [
            {**one, "S3Input": {**_INPUT_DEFAULTS, **one["S3Input"]}}
            for one in request.get("ProcessingInputs") or []
        ],
        "ProcessingOutputConfig": {"KmsKeyId": None, **outputs},
        "ProcessingResources": request["ProcessingResources"],
        "RoleArn": request["RoleArn"],
        "StoppingCondition": request["StoppingCondition"],
    }
    resources = {"current_host": HOST, "hosts": [HOST]}
    return {"processingjobconfig.json": described, "resourceconfig.json": resources}


def fill(ml: Path, request: Mapping[str, Any], arn: str, objects: Objects, owner: Owner) -> None:
    """Lay the whole input into /opt/ml. Blocking. Raises ObjectError and OSError."""
    config = {name: json.dumps(value).encode() for name, value in config_files(request, arn).items()}
    write_files(make_folder(ml / "config"), config.items())
    for part in ("output", "processing"):
        make_folder(ml / part)
    for one in request.get("ProcessingInputs") or []:
        source = one["S3Input"]
        folder = in_ml(ml, source["LocalPath"])
        for parent in reversed([folder, *folder.relative_to(ml).parents]):
            make_folder(ml / parent)
        write_files(folder, files_of(source, objects, owner))


def outputs_of(request: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The S3Output of each of a job's outputs. Pure."""
    config = request.get("ProcessingOutputConfig") or {}
    return [one["S3Output"] for one in config.get("Outputs") or []]
