"""The exported definition: each step is a request of SageMaker's API, made of the product's own values."""

import json
import re
from dataclasses import replace
from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator

from integrations.formats import files_of
from integrations.sagemaker_pipelines.steps import TRAINS_ONLY
from release.domain import names, pipeline_parameters, training
from release.domain.errors import UsageError
from release.domain.exported import Exported
from release.domain.manifest import Foreign
from release.domain.stage import LONGEST_TRAINING, StageSettings, TrainingSettings
from release.domain.training import Channel, Order
from tests.integrations.sagemaker_pipelines.executor import referred
from tests.integrations.stages import ACCOUNT, BUCKET, REGION, STAGE, endpoint_of, exported, pin_of

IMAGE = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/slipway-prod@sha256:" + "f" * 64
CREATES = {
    "Training": ("CreateTrainingJob", {"TrainingJobName": "job"}),
    "Processing": ("CreateProcessingJob", {"ProcessingJobName": "job"}),
    "RegisterModel": ("CreateModelPackage", {}),
}


def definition(stage: Exported | None = None, endpoint: str = "delays") -> dict[str, Any]:
    return json.loads(files_of("sagemaker-pipelines", stage or exported())[f"{endpoint}.pipeline.json"])


def every(steps: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """All steps, those within a condition too."""
    found = []
    for step in steps:
        inside = [one for part in ("IfSteps", "ElseSteps") for one in step["Arguments"].get(part, ())]
        found += [step, *every(inside)]
    return found


def told(said: Any) -> Any:
    """A value of the definition, with some text for what only an execution knows."""
    match said:
        case {"Get": _} | {"Std:Join": _} | {"Std:JsonGet": _}:
            return "known-later"
        case dict():
            return {name: told(one) for name, one in said.items()}
        case list():
            return [told(one) for one in said]
    return said


def step_of(name: str) -> dict[str, Any]:
    [found] = [step for step in every(definition()["Steps"]) if step["Name"] == name]
    return found


def job(**order: Any) -> training.Request:
    """What SageMaker is asked for by `./slipway train --on sagemaker` in the stage."""
    settings = StageSettings.model_validate({"stage": STAGE, "account": ACCOUNT, "region": REGION})
    channels = (
        Channel("data", f"s3://{BUCKET}/data/files/md5/ee/{'e' * 30}"),
        Channel("champion", pin_of(1).model),
    )
    values: dict[str, Any] = {
        "service": "delays",
        "image": IMAGE,
        "hyperparameters": {},
        "channels": channels,
        "minutes": 60,
        "metrics": {},
    }
    return training.request(settings, TrainingSettings(), Order(**values | order), BUCKET)


def camel(said: Any) -> Any:
    """A request of SageMaker's SDK in the words of its API."""
    if isinstance(said, dict):
        return {_word(name): camel(one) for name, one in said.items()}
    return [camel(one) for one in said] if isinstance(said, list) else said


def _word(name: str) -> str:
    return "".join(part.upper() if part == "gb" else part.title() for part in name.split("_"))


@pytest.mark.parametrize("step", every(definition()["Steps"]), ids=lambda step: step["Name"])
def test_a_steps_arguments_are_a_request_of_sagemakers_api(step):
    if step["Type"] not in CREATES:
        assert step["Type"] in {"Condition", "Fail"}
        return
    action, name = CREATES[step["Type"]]
    model = botocore.session.get_session().get_service_model("sagemaker").operation_model(action)
    report = ParamValidator().validate({**told(step["Arguments"]), **name}, model.input_shape)
    assert not report.has_errors(), report.generate_report()


SAGEMAKER = botocore.session.get_session().get_service_model("sagemaker")


def trained_with(**settings: Any) -> Exported:
    """prod, whose trainings run with these settings."""
    return replace(exported(), training=TrainingSettings(**settings))


def beyond(value: Any, shape: Any) -> list[str]:
    """Numbers above what SageMaker's model of its API says, and words that it does not know."""
    match shape.type_name, value:
        case "structure", dict():
            return [told for name, one in value.items() for told in beyond(one, shape.members[name])]
        case "list", list():
            return [told for one in value for told in beyond(one, shape.member)]
        case (("integer" | "long"), int()) if value > shape.metadata.get("max", value):
            return [f"{shape.name} is {value}"]
        case "string", str() if shape.enum and value not in shape.enum:
            return [f"{shape.name} is {value}"]
    return []


@pytest.mark.parametrize(
    "settings",
    [
        {"minutes": 1, "volume_gb": 1},
        {"minutes": LONGEST_TRAINING, "volume_gb": 16_384},
        {"instance": "ml.p4d.24xlarge", "processing_instance": "ml.m5.4xlarge"},
    ],
)
def test_every_job_is_within_sagemakers_bounds_at_the_ends_of_the_settings(settings):
    steps = every(definition(trained_with(**settings))["Steps"])
    created = [(CREATES[step["Type"]][0], step["Arguments"]) for step in steps if step["Type"] in CREATES]
    assert len(created) == 4
    for action, arguments in created:
        assert beyond(arguments, SAGEMAKER.operation_model(action).input_shape) == []


def test_a_pipeline_is_refused_on_exactly_the_machines_that_train_and_do_not_process():
    trains, processes = (
        set(SAGEMAKER.shape_for(f"{job}InstanceType").enum) for job in ("Training", "Processing")
    )
    assert {machine for machine in trains if TRAINS_ONLY.fullmatch(machine)} == trains - processes


@pytest.mark.parametrize(
    ("settings", "key"),
    [
        ({"instance": "ml.p5.48xlarge"}, "slipway:training.instance"),
        ({"processing_instance": "ml.trn1.2xlarge"}, "slipway:training.processing_instance"),
    ],
)
def test_what_asks_for_such_a_machine_is_named(settings, key):
    with pytest.raises(UsageError) as refused:
        definition(trained_with(**settings))
    assert key in refused.value.cause
    assert "processing_instance: ml.m5.4xlarge" in refused.value.next_step


def test_the_page_creates_a_pipeline_once_and_updates_it_after_every_other_export():
    page = files_of("sagemaker-pipelines", exported())["README.md"]
    once, after, each = re.findall(r"^(\S[^\n]*):\n\n```sh\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    assert (once[0], "create-pipeline --pipeline-name delays-prod-retrain" in once[1]) == (
        "Once, for delays",
        True,
    )
    assert after[0].startswith("After every other export")
    assert after[1] == (
        "aws sagemaker update-pipeline --pipeline-name delays-prod-retrain \\\n"
        "  --pipeline-definition file://delays.pipeline.json\n"
    )
    assert "start-pipeline-execution" in each[1]


def test_a_step_refers_to_parameters_and_to_steps_that_are_there():
    whole = definition()
    steps = every(whole["Steps"])
    called = [step["Name"] for step in steps]
    assert len(set(called)) == len(called)
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{1,64}", name) for name in called)
    for step in steps:
        assert {*referred(step["Arguments"]), *step.get("DependsOn", ())} <= set(called)
    used = set(re.findall(r'"Parameters\.(\w+)"', json.dumps(whole)))
    assert used == {one["Name"] for one in whole["Parameters"]} == set(pipeline_parameters.ALL)


def test_the_training_is_the_products_own_job():
    """But for its measures, which a service names, and its options, which come as one text."""
    values = {one["Name"]: one["Value"] for one in pipeline_parameters.values(job(), "{}", "d" * 64)}
    text = json.dumps(step_of("Train")["Arguments"])
    for name, value in values.items():
        text = text.replace(json.dumps({"Get": f"Parameters.{name}"}), json.dumps(value))
    ours, theirs = json.loads(text), camel(job())
    began = names.training_job("delays", STAGE, {}, 1)
    assert began.startswith(f"{ours.pop('TrainingJobName')}-"), "the stage's roles know its jobs by that"
    theirs["Tags"] = [{"Key": one["Key"], "Value": one["Value"]} for one in theirs["Tags"]]
    del theirs["AlgorithmSpecification"]["MetricDefinitions"]
    theirs["HyperParameters"] = {"slipway.asked": "{}", "slipway.sha256": "d" * 64}
    assert ours == theirs
    check, prove = (step_of(name)["Arguments"] for name in ("CheckData", "Prove"))
    assert check["ProcessingJobName"] == prove["ProcessingJobName"] == "delays-prod"
    assert check["RoleArn"] == prove["RoleArn"] == ours["RoleArn"]
    assert prove["ProcessingOutputConfig"]["KmsKeyId"] == ours["OutputDataConfig"]["KmsKeyId"]


def test_an_execution_is_told_all_that_has_no_default_and_rows_and_champion_are_those_of_live():
    given = {one["Name"] for one in pipeline_parameters.values(job(), "{}", "d" * 64)}
    defaults = {one["Name"]: one.get("DefaultValue") for one in definition()["Parameters"]}
    assert {name for name, value in defaults.items() if value is None} <= given
    assert defaults["Champion"] == pin_of(1).model
    assert defaults["DataSha256"] == "d" * 64
    assert defaults["Data"] == f"s3://{BUCKET}/data/files/md5/ee/{'e' * 30}"


def test_nothing_is_registered_but_by_gates_that_refuse_nothing_and_it_waits_for_its_approval():
    gates = step_of("Gates")["Arguments"]
    [condition] = gates["Conditions"]
    assert (condition["Type"], condition["RightValue"]) == ("LessThanOrEqualTo", 0)
    assert condition["LeftValue"]["Std:JsonGet"]["Path"] == "failed"
    assert [step["Type"] for step in gates["IfSteps"]] == ["RegisterModel"]
    assert [step["Type"] for step in gates["ElseSteps"]] == ["Fail"]
    register = step_of("Register")["Arguments"]
    assert register["ModelApprovalStatus"] == "PendingManualApproval"
    assert register["InferenceSpecification"]["Containers"][0]["Image"] == pin_of(1).image


def test_a_stage_without_trainings_and_a_container_of_others_have_no_pipeline():
    stage = exported()
    none = Exported(stage.stage, stage.account, stage.region, stage.endpoints)
    files = files_of("sagemaker-pipelines", none)
    assert files.keys() == {"README.md"}
    assert "slipway:training" in files["README.md"]
    endpoint = endpoint_of()
    foreign = endpoint.live.manifest.model_copy(update={"foreign": Foreign(kind="score")})
    theirs = type(endpoint)(
        endpoint.name,
        endpoint.served_as,
        endpoint.settings,
        type(endpoint.live)(endpoint.live.pin, foreign, endpoint.live.model, endpoint.live.config),
    )
    files = files_of("sagemaker-pipelines", exported(theirs))
    assert files.keys() == {"README.md"}
    assert "did not build what serves: delays" in files["README.md"]


@pytest.mark.parametrize(
    ("order", "words"),
    [
        ({"channels": (Channel("data", "s3://b/k"), Channel("with-0", "s3://b/m"))}, "no with-0"),
        ({"spot": True}, "spot instances"),
    ],
)
def test_a_training_with_more_than_a_pipeline_has_is_refused(order, words):
    with pytest.raises(UsageError, match=words):
        pipeline_parameters.values(job(**order), "{}", "d" * 64)
