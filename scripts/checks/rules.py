"""What this project asks of a workflow besides what actionlint and zizmor find. Pure: values in, faults out.

Actionlint knows the syntax, zizmor the known attacks. The rest is here: a workflow assumes a role and never
holds a key, a command line holds no expression at all, a job has the permissions of this list and no others.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

Workflow = Mapping[str, Any]
"""A workflow or a composite action, as its YAML says it."""

STATIC_KEY = re.compile(
    r"aws[-_](?:access[-_]key[-_]id|secret[-_]access[-_]key)|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b", re.I
)
ROLE = "aws-actions/configure-aws-credentials@"
GRANTED = {
    "contents": ("read", "write"),
    "id-token": ("write",),
    "pull-requests": ("write",),
}
"""What a job may be granted. Nothing is granted to a whole workflow but reading its repository."""


def faults(workflow: Workflow) -> list[str]:
    """What is wrong with a workflow, each with the place in it where it is."""
    jobs: Mapping[str, Any] = workflow.get("jobs") or {}
    return [
        *_keys(workflow, ""),
        *_of_the_whole(workflow),
        *(f"{name}: {fault}" for name, job in jobs.items() for fault in _of_a_job(job)),
        *(f"{name}: {fault}" for name, step in steps(workflow) for fault in _of_a_step(step)),
    ]


def steps(workflow: Workflow) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The steps of all jobs, or of a composite action, each with the name of its job."""
    jobs = {name: job.get("steps", ()) for name, job in (workflow.get("jobs") or {}).items()}
    for name, listed in (jobs | {"runs": (workflow.get("runs") or {}).get("steps", ())}).items():
        yield from ((name, step) for step in listed)


def lines(workflow: Workflow) -> Iterator[tuple[str, str]]:
    """Every line of every `run`, with the name of its job."""
    for job, step in steps(workflow):
        yield from ((job, line) for line in step.get("run", "").splitlines() if line.strip())


def _keys(value: Any, place: str) -> Iterator[str]:
    """Keys of an account, by their names or by how they look, wherever they hide."""
    if isinstance(value, Mapping):
        for key, below in value.items():
            yield from _keys(str(key), place)
            yield from _keys(below, f"{place}.{key}".lstrip("."))
    elif isinstance(value, list):
        for below in value:
            yield from _keys(below, place)
    elif isinstance(value, str) and (found := STATIC_KEY.search(value)):
        yield f"{place or 'top'}: {found[0]} is a static key; assume a role by {ROLE}…"


def _of_the_whole(workflow: Workflow) -> Iterator[str]:
    granted = workflow.get("permissions")
    if "jobs" in workflow and granted not in ({}, {"contents": "read"}):
        yield f"permissions: {granted} is granted to every job; grant it to the job that needs it"


def _of_a_job(job: Mapping[str, Any]) -> Iterator[str]:
    granted = job.get("permissions") or {}
    if isinstance(granted, str):
        yield f"permissions: {granted} is more than any job needs"
        return
    for name, how in granted.items():
        if how not in GRANTED.get(name, ()):
            yield f"permissions: {name}: {how} is granted to no job here"
    assumes = any(step.get("uses", "").startswith(ROLE) for step in job.get("steps", ()))
    if "steps" in job and assumes != ("id-token" in granted):
        yield "permissions: id-token belongs to the jobs that assume a role, and to no others"
    if "id-token" in granted and "steps" in job and "environment" not in job:
        yield "a job that assumes a role has an environment, by which the role knows it"
    if "environment" in job and (job.get("concurrency") or {}).get("cancel-in-progress") is not False:
        yield "a job of a stage has a concurrency group, and cancels nothing that is under way"


def _of_a_step(step: Mapping[str, Any]) -> Iterator[str]:
    if "${{" in step.get("run", ""):
        yield f"run: {step['run'].strip()}: a value comes by env, never by an expression"
