"""Which objects a job reads, and where the result of each goes."""

from collections.abc import Mapping
from typing import Any

from sandbox.jobs.running.objects import Objects, Owner, joined, named_in, source_of


def results(objects: Objects, owner: Owner, request: Mapping[str, Any]) -> dict[str, str]:
    """The URI of each result of a CreateTransformJob by that of its file. Blocking.

    Raises ObjectError, and ValueError for what is no manifest.
    """
    source, output = source_of(request["TransformInput"]), request["TransformOutput"]["S3OutputPath"]
    files = named_in(source, objects, owner)
    return {file: joined(output, f"{name}.out") for file, name in files.items()}
