"""What CreateTransformJob refuses. The words for an empty input and a missing model are SageMaker's own.

People met the first in aws/amazon-sagemaker-examples#2414. The other rules are the API reference's, of
CreateTransformJob, and of "Associate Prediction Results with Input Records" in the developer guide, which
give no words.
"""

from collections.abc import Mapping
from typing import Any

from moto.sagemaker.exceptions import ValidationError

from sandbox.aws.sagemaker.jobs.lookup import no_objects
from sandbox.jobs.running.objects import ObjectError, Objects, Owner, source_of
from sandbox.jobs.transform.files import results
from sandbox.jobs.transform.joining import CSV, FORMATS, JSON, Processing
from sandbox.jobs.transform.parameters import MOST_MEGABYTES
from sandbox.jobs.transform.paths import BadPath, Path, parse

MOST_INSTANCES = 100
MOST_VARIABLES = 16


def refuse_sizes(request: Mapping[str, Any]) -> None:
    """Raise for more megabytes of a request, or of all at once, or more instances than a job may have."""
    megabytes = request.get("MaxPayloadInMB") or 0
    at_once = request.get("MaxConcurrentTransforms") or 0
    if megabytes > MOST_MEGABYTES:
        raise ValidationError(f"MaxPayloadInMB cannot be greater than {MOST_MEGABYTES} MB.")
    if at_once * megabytes > MOST_MEGABYTES:
        raise ValidationError(
            f"MaxConcurrentTransforms * MaxPayloadInMB cannot exceed {MOST_MEGABYTES} MB; it is "
            f"{at_once * megabytes} MB."
        )
    if request["TransformResources"]["InstanceCount"] > MOST_INSTANCES:
        raise ValidationError(f"The maximum InstanceCount of a transform job is {MOST_INSTANCES}.")


def refuse_input(objects: Objects, owner: Owner, request: Mapping[str, Any]) -> None:
    """Raise where nothing lies at the input, or the model's role may not see it, or a manifest is none."""
    uri = source_of(request["TransformInput"])["S3Uri"]
    try:
        found = results(objects, owner, request)
    except ObjectError:
        found = {}
    except ValueError as error:
        raise ValidationError(f"The manifest at {uri} cannot be read: {error}.") from error
    if not found:
        raise ValidationError(no_objects(owner, uri))


def processing(request: Mapping[str, Any]) -> Processing:
    """What the job does to its records. Raises ValidationError for what cannot be filtered or joined so."""
    asked = request.get("DataProcessing") or {}
    by_line = request["TransformInput"].get("SplitType") == "Line"
    into, out = _path(asked, "InputFilter"), _path(asked, "OutputFilter")
    join = asked.get("JoinSource") == "Input"
    if into.is_root and out.is_root and not join:
        return Processing(JSON, by_line)
    content = request["TransformInput"].get("ContentType")
    accept = request["TransformOutput"].get("Accept")
    if content not in FORMATS or accept not in FORMATS or FORMATS[content] != FORMATS[accept]:
        raise ValidationError(
            "With DataProcessing, ContentType and Accept have to be the same of: "
            f"{', '.join(FORMATS)}; they are {content} and {accept}."
        )
    kind = FORMATS[content]
    if kind == CSV:
        lines = by_line, request["TransformOutput"].get("AssembleWith") == "Line"
        if not all(lines):
            raise ValidationError("DataProcessing of text/csv needs SplitType and AssembleWith Line.")
        if not (into.is_of_columns and out.is_of_columns):
            raise ValidationError(
                "A JSONPath of text/csv selects columns by index alone, as in $[0] or $[1:]."
            )
    return Processing(kind, by_line, into, join, out)


def _path(asked: Mapping[str, Any], member: str) -> Path:
    try:
        return parse(asked.get(member) or "$")
    except BadPath as error:
        raise ValidationError(f"{member}: {error}.") from error
