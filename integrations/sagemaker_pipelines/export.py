"""A stage's retraining as pipeline definitions, `ENDPOINT.pipeline.json`, and how to make them. Pure.

The image that trains, the rows and the options are an execution's, and no pin: they are its parameters.
"""

import json
from collections.abc import Mapping
from typing import Any

from integrations.sagemaker_pipelines.steps import Retraining
from release.domain import names, s3_uri
from release.domain import pipeline_parameters as parameters
from release.domain.data_version import of
from release.domain.exported import Exported, ExportedEndpoint

VERSION = "2020-12-01"


def files(exported: Exported) -> Mapping[str, str]:
    """The definitions of the endpoints that can be retrained in the stage, and a page that says how."""
    found = [retraining for each in exported.endpoints if (retraining := _retraining(exported, each))]
    texts = {
        f"{each.endpoint.name}.pipeline.json": json.dumps(definition(each), indent=2) + "\n" for each in found
    }
    return {**texts, "README.md": _page(exported, found)}


def definition(retraining: Retraining) -> dict[str, Any]:
    """An endpoint's pipeline."""
    return {
        "Version": VERSION,
        "Metadata": {},
        "Parameters": _parameters(retraining.endpoint),
        "Steps": retraining.steps(),
    }


def _retraining(exported: Exported, endpoint: ExportedEndpoint) -> Retraining | None:
    """None where no training runs in the stage, and of a container that this repository did not build."""
    if exported.training is None or endpoint.live.manifest.foreign is not None:
        return None
    return Retraining(exported, endpoint, exported.training)


def _parameters(endpoint: ExportedEndpoint) -> list[dict[str, Any]]:
    """The champion is the live model, and the rows are those that it learned from, until they are named."""
    pin, known = endpoint.live.pin, of(endpoint.live.manifest)
    bucket, _ = s3_uri.parts(pin.model)
    defaults = {parameters.CHAMPION: pin.model, parameters.ASKED: "{}"}
    if known is not None:
        defaults |= {
            parameters.DATA: f"s3://{bucket}/{names.data_key(known.md5)}",
            parameters.SHA256: known.sha256,
        }
    return [
        {"Name": name, "Type": "String"} | ({"DefaultValue": defaults[name]} if name in defaults else {})
        for name in parameters.ALL
    ]


def _page(exported: Exported, found: list[Retraining]) -> str:
    lines = [f"# Retraining in {exported.stage} by SageMaker Pipelines", "", exported.origin, ""]
    serving = ", ".join(f"{each.name} {each.live.pin.release}" for each in exported.endpoints)
    lines += [f"What serves: {serving}. A new model is compared with it.", ""]
    if exported.training is None:
        lines.append(
            f"No training runs in {exported.stage}: its file has no `slipway:training` (`{{}}` is enough)."
        )
    left = [each.name for each in exported.endpoints if each.live.manifest.foreign is not None]
    if left:
        lines.append(f"Not retrained here, as this repository did not build what serves: {', '.join(left)}.")
    if found and exported.training is not None and not exported.training.pipelines:
        lines += [
            "ROLE is the ARN of one of yours. With `slipway:training: {pipelines: true}` the stage declares "
            "one at the next `pulumi up`, and an export names it here.",
            "",
        ]
    for each in found:
        for when, commands in _commands(each).items():
            lines += [when, "", "```sh", *commands, "```", ""]
    return "\n".join(lines).rstrip() + "\n"


def _commands(each: Retraining) -> dict[str, list[str]]:
    """What to run, by when: a pipeline is created once, and every other export updates it."""
    name, stage, pipeline = each.endpoint.name, each.exported.stage, each.pipeline
    role = f" --role-arn {each.pipeline_role}" if each.pipeline_role else ""
    definition = f"--pipeline-definition file://{name}.pipeline.json"
    return {
        f"Once, for {name}:": [
            f"aws sagemaker create-model-package-group --model-package-group-name {each.group}",
            f"aws sagemaker create-pipeline --pipeline-name {pipeline}{role or ' --role-arn ROLE'} \\",
            f"  {definition} --client-request-token $(uuidgen)",
        ],
        "After every other export, as that of a promotion, whose champion it names:": [
            f"aws sagemaker update-pipeline --pipeline-name {pipeline}{role} \\",
            f"  {definition}",
        ],
        "For each retraining:": [
            f"./slipway train --on sagemaker --stage {stage} --execution parameters.json",
            f"aws sagemaker start-pipeline-execution --pipeline-name {pipeline} \\",
            "  --pipeline-parameters file://parameters.json --client-request-token $(uuidgen)",
        ],
    }
