"""Runs a pipeline's definition by the jobs of whatever SageMaker there is.

The sandbox starts no execution: it never says that something ran which did not. So this walks the definition
that was made there, resolves what an execution resolves, and starts each step's job for real. It knows the
steps and functions that a retraining has, and refuses any other.
"""

import hashlib
import itertools
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.sandbox.world import wait_for

OVER = ("Completed", "Failed", "Stopped")
PATIENCE = 200.0


class StepFailed(Exception):
    """A step came to its end without what it was for."""


@dataclass
class Ran:
    """What an execution came to: each step's status, and what its jobs are described as."""

    status: str = "Succeeded"
    reason: str = ""
    steps: dict[str, str] = field(default_factory=dict)
    described: dict[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass
class Executor:
    """Executions of one pipeline; a step with the same arguments is not done again, in whichever of them.

    `starter` reads the definition, and `sagemaker` and `s3` do the steps: clients of who may each.
    """

    starter: Any
    sagemaker: Any
    s3: Any
    pipeline: str
    done: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    begun: Callable[[str, str], None] = lambda step, job: None
    """Told of each job that was started."""
    _numbers: Any = field(default_factory=itertools.count)

    def run(self, parameters: list[dict[str, str]]) -> Ran:
        """One execution to its end."""
        said = self.starter.describe_pipeline(PipelineName=self.pipeline)["PipelineDefinition"]
        definition = json.loads(said)
        given = {one["Name"]: one["Value"] for one in parameters}
        known = {
            one["Name"]: given.get(one["Name"], one.get("DefaultValue")) for one in definition["Parameters"]
        }
        assert None not in known.values(), f"a parameter has no value: {known}"
        assert given.keys() <= known.keys()
        one = _Execution(self, f"{self.pipeline}-{next(self._numbers)}", known)
        one.all(definition["Steps"])
        return one.ran


@dataclass
class _Execution:
    executor: Executor
    name: str
    parameters: Mapping[str, str]
    ran: Ran = field(default_factory=Ran)
    _files: dict[str, Mapping[str, str]] = field(default_factory=dict)

    def all(self, steps: list[dict[str, Any]]) -> None:
        """Each step when all that it depends on has succeeded; the first that fails ends all."""
        left = list(steps)
        while left and self.ran.status == "Succeeded":
            ready = [step for step in left if _needs(step) <= self.ran.steps.keys()]
            assert ready, f"nothing can begin: {[step['Name'] for step in left]}"
            step = ready[0]
            left.remove(step)
            try:
                self.ran.steps[step["Name"]] = getattr(self, f"_{step['Type'].lower()}")(step)
            except StepFailed as failed:
                self.ran.steps[step["Name"]] = "Failed"
                self.ran.status, self.ran.reason = "Failed", str(failed)

    def _training(self, step: dict[str, Any]) -> str:
        return self._job(step, "training")

    def _processing(self, step: dict[str, Any]) -> str:
        self._files |= {
            f"{step['Name']}.{one['PropertyFileName']}": one for one in step.get("PropertyFiles", ())
        }
        return self._job(step, "processing")

    def _job(self, step: dict[str, Any], kind: str) -> str:
        client, executor, name = self.executor.sagemaker, self.executor, step["Name"]
        arguments = self.value(step["Arguments"])
        key = json.dumps([name, arguments], sort_keys=True)
        if step.get("CacheConfig", {}).get("Enabled") and key in executor.done:
            self.ran.described[name] = executor.done[key]
            return "Cached"
        word = f"{kind.title()}Job"
        execution, token = (hashlib.sha256(said.encode()).hexdigest()[:12] for said in (self.name, name))
        job = f"{arguments[f'{word}Name']}-{execution}-{token}-0"
        getattr(client, f"create_{kind}_job")(**arguments | {f"{word}Name": job})
        executor.begun(name, job)
        describe = getattr(client, f"describe_{kind}_job")

        def ended() -> Any:
            said = describe(**{f"{word}Name": job})
            return said[f"{word}Status"] in OVER and said

        found = self.ran.described[name] = wait_for(ended, f"{job} to end", PATIENCE)
        if found[f"{word}Status"] != "Completed":
            why = found.get("ExitMessage") or found.get("FailureReason", "")
            raise StepFailed(f"{job} is {found[f'{word}Status']}: {why}")
        executor.done[key] = found
        return "Succeeded"

    def _condition(self, step: dict[str, Any]) -> str:
        arguments = step["Arguments"]
        holds = all(self._holds(one) for one in arguments["Conditions"])
        self.ran.steps[step["Name"]] = "Succeeded"
        self.all(arguments["IfSteps" if holds else "ElseSteps"])
        return "Succeeded"

    def _holds(self, condition: dict[str, Any]) -> bool:
        assert condition["Type"] == "LessThanOrEqualTo", condition
        return float(self.value(condition["LeftValue"])) <= float(self.value(condition["RightValue"]))

    def _fail(self, step: dict[str, Any]) -> str:
        raise StepFailed(self.value(step["Arguments"]["ErrorMessage"]))

    def _registermodel(self, step: dict[str, Any]) -> str:
        made = self.executor.sagemaker.create_model_package(**self.value(step["Arguments"]))
        self.ran.described[step["Name"]] = made
        return "Succeeded"

    def value(self, said: Any) -> Any:
        """What a value of the definition is in this execution."""
        match said:
            case {"Get": name}:
                return self._get(name)
            case {"Std:Join": {"On": on, "Values": values}}:
                return on.join(str(self.value(one)) for one in values)
            case {"Std:JsonGet": {"PropertyFile": {"Get": file}, "Path": path}}:
                return self._file(file)[path]
            case dict():
                assert not any(name.startswith("Std:") for name in said), said
                return {name: self.value(one) for name, one in said.items()}
            case list():
                return [self.value(one) for one in said]
        return said

    def _get(self, name: str) -> Any:
        root, _, path = name.partition(".")
        if root == "Parameters":
            return self.parameters[path]
        assert root == "Steps", name
        step, *members = path.split(".")
        found: Any = self.ran.described[step]
        for member in members:
            found = found[member]
        return found

    def _file(self, name: str) -> Mapping[str, Any]:
        step, _, file = name.removeprefix("Steps.").partition(".PropertyFiles.")
        wanted = self._files[f"{step}.{file}"]
        outputs = self.ran.described[step]["ProcessingOutputConfig"]["Outputs"]
        [uri] = [o["S3Output"]["S3Uri"] for o in outputs if o["OutputName"] == wanted["OutputName"]]
        bucket, _, key = f"{uri}/{wanted['FilePath']}".removeprefix("s3://").partition("/")
        return json.loads(self.executor.s3.get_object(Bucket=bucket, Key=key)["Body"].read())


def _needs(step: dict[str, Any]) -> set[str]:
    """The steps that one depends on: as it says, and by what it refers to; what is within one is its own."""
    inside = {one["Name"] for part in ("IfSteps", "ElseSteps") for one in step["Arguments"].get(part, ())}
    return {*step.get("DependsOn", ()), *referred(step["Arguments"])} - inside


def referred(said: Any) -> set[str]:
    """The steps that a value of the definition refers to."""
    match said:
        case {"Get": str(name)}:
            return {name.split(".")[1]} if name.startswith("Steps.") else set()
        case dict():
            return set().union(*(referred(one) for one in said.values()))
        case list():
            return set().union(*(referred(one) for one in said))
    return set()
