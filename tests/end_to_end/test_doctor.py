"""Known failures, provoked in the sandbox: really broken images and artifacts, and AWS's own refusals.

Each is one promotion that fails; what was taken back says which known failure it was.
"""

import json
import threading
import time

import onnx
import pytest

from demo.project import AT_ONCE, GUARDED, TIME_SCALE, guarded_project
from release.domain import names, plan
from release.domain.errors import ReleaseFailed
from release.operations.doctor import doctor
from release.operations.logs import logs
from release.operations.promote import Order, promote
from sandbox import testing
from tests.end_to_end.broken import FOREIGN, PROGRAMS, Workshop
from tests.end_to_end.world import SKIP, World, quiet, wait_until

pytestmark = [pytest.mark.sandbox, pytest.mark.long]

ENDPOINT = "delays-prod"
ORDER = Order("prod", "dev", "delays", skip=True, reason="the test is about prod")
PROMOTE = ("promote", "dev", "prod", *SKIP)
PING_SECONDS = 6


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """As the other modules' world, with less patience for a ping."""
    folder = tmp_path_factory.mktemp("world")
    with testing.start(folder / "home", time_scale=TIME_SCALE, ping_timeout=PING_SECONDS) as sandbox:
        yield World(guarded_project(folder / "project"), sandbox)


@pytest.fixture(scope="module")
def workshop(world, trained, tmp_path_factory):
    """A workshop, and a prod whose very first release could not start."""
    world.slipway("release", "--model", str(trained["logistic"]))
    return Workshop.of(world, tmp_path_factory.mktemp("workshop"))


@pytest.fixture(scope="module")
def first(world, workshop):
    """How prod's first create ended: with a program for another processor. Then a good release serves."""
    workshop.program(FOREIGN)
    done = world.slipway(*PROMOTE, expected=1)
    asked = world.slipway("doctor", "prod", expected=1).result
    world.assert_clean("prod", serves=None, refresh=False)
    release = workshop.good()
    world.slipway(*PROMOTE)
    return done, asked, release


@pytest.fixture
def prod(first):
    """Prod serves a good release."""
    return first[2]


@pytest.fixture
def fails(inside, prod):
    """Promotes what is pinned in dev, which has to fail, and returns what the error says."""

    def run(tell=quiet):
        with pytest.raises(ReleaseFailed) as caught:
            promote(inside(tell), ORDER, tell)
        return str(caught.value)

    return run


def on(beginning, work):
    """A listener that does `work` once, when the rollout tells something that begins so."""
    done = []

    def tell(event):
        if event.text.startswith(beginning) and not done:
            done.append(event)
            work()

    return tell


def fault(world, kind, **members):
    return on("UpdateEndpoint", lambda: world.sandbox.faults(kind, **members))


def test_a_first_release_for_another_processor_fails_and_says_so(first):
    done, asked, _ = first
    said = " ".join(done.result["more"])
    assert "Diagnosis (wrong-architecture)" in said
    assert "exec format error" in said
    assert asked["diagnosis"]["rule"] == "wrong-architecture"
    assert "was taken back" in asked["about"]


def test_a_healthy_stage_says_what_was_checked(world, prod):
    done = world.slipway("doctor", "prod")
    assert done.result["healthy"]
    assert prod in done.result["about"]
    assert "2 alarms are quiet" in done.result["checked"]
    assert "image and artifact are whole" in done.result["checked"]


@pytest.mark.parametrize("rule", PROGRAMS)
def test_a_program_that_cannot_serve(workshop, fails, rule):
    workshop.program(PROGRAMS[rule])
    assert f"Diagnosis ({rule})" in fails()


def test_an_image_without_its_program(workshop, fails):
    workshop.changed("--entrypoint", "/opt/program/gone")
    assert "Diagnosis (no-program)" in fails()


def test_a_setting_that_the_server_refuses(workshop, inside, fails):
    workshop.changed("--env", "SAGEMAKER_MODEL_SERVER_WORKERS=many")
    said = fails()
    assert "Diagnosis (setting-invalid)" in said
    assert "SAGEMAKER_MODEL_SERVER_WORKERS" in said
    streams = logs(inside(quiet), "prod", None).streams
    assert "SAGEMAKER_MODEL_SERVER_WORKERS" in " ".join(streams[-1].lines), "the log says it afterwards too"


def _in_a_folder(files):
    for name in list(files):
        files[f"model/{name}"] = files.pop(name)


def _newer_opset(files):
    model = onnx.load_from_string(files["model.onnx"])
    model.opset_import[0].version = 999
    files["model.onnx"] = model.SerializeToString()


ARTIFACTS = {
    "layout-wrong": (_in_a_folder, False),
    "model-damaged": (lambda files: files.update({"model.onnx": files["model.onnx"][:-1]}), False),
    "schema-mismatch": (
        lambda files: files.update({"schema.json": files["schema.json"].replace(b"distance", b"distanze")}),
        True,
    ),
    "onnx-version": (_newer_opset, True),
    "onnx-unusable": (lambda files: files.update({"model.onnx": b"no graph"}), True),
    "schema-invalid": (lambda files: files.update({"schema.json": b'{"service": "delays"}'}), True),
}


@pytest.mark.parametrize("rule", ARTIFACTS)
def test_an_artifact_that_cannot_be_loaded(workshop, fails, rule):
    workshop.repacked(*ARTIFACTS[rule])
    assert f"Diagnosis ({rule})" in fails()


def test_an_artifact_that_is_no_archive(workshop, fails):
    workshop.archive(b"no archive")
    assert "Diagnosis (artifact-not-archive)" in fails()


def _object(world):
    pin = world.endpoint("prod").candidate
    bucket, _, key = pin.model.removeprefix("s3://").partition("/")
    return {"Bucket": bucket, "Key": key}


def test_an_artifact_that_somebody_deleted(world, workshop, fails):
    workshop.repacked(lambda files: files.update(note=b"1"))
    s3 = world.client("s3")
    assert "Diagnosis (artifact-missing)" in fails(
        on("UpdateEndpoint", lambda: s3.delete_object(**_object(world)))
    )


def test_an_artifact_that_somebody_wrote_over(world, workshop, fails):
    workshop.repacked(lambda files: files.update(note=b"2"))
    s3 = world.client("s3")
    said = fails(on("UpdateEndpoint", lambda: s3.put_object(**_object(world), Body=b"other")))
    assert "Diagnosis (artifact-changed)" in said


REFUSED = {
    "no-capacity": {"kind": "insufficient_capacity"},
    "image-denied": {"kind": "image_denied"},
    "key-denied": {"kind": "key_denied"},
    "registry-outage": {"kind": "registry_outage", "count": 1},
    "artifact-denied": {"kind": "fail_aws", "service": "s3", "action": "GetObject", "code": "AccessDenied"},
    "silent-rollback": {"kind": "silent_rollback"},
    "ready-but-no-ping": {"kind": "fail_ping"},
}


@pytest.mark.parametrize("rule", REFUSED)
def test_what_sagemaker_refuses(world, workshop, fails, rule):
    members = REFUSED[rule]
    endpoint = {} if members["kind"] in {"registry_outage", "fail_aws"} else {"endpoint": ENDPOINT}
    workshop.good()
    assert f"Diagnosis ({rule})" in fails(fault(world, **members, **endpoint))


def test_the_release_scores_otherwise_than_its_training(workshop, fails):
    workshop.golden_changed(lambda golden: golden["requests"][0]["scores"].__setitem__(0, 0.123))
    assert "Diagnosis (wrong-answer)" in fails()


def test_the_release_refuses_the_content_type_of_its_training(workshop, fails):
    workshop.golden_changed(lambda golden: golden["requests"][0].update(content_type="application/xml"))
    said = fails()
    assert "Diagnosis (request-refused)" in said
    assert "HTTP 415" in said


def test_the_release_fails_on_the_requests_of_its_training(world, workshop, fails):
    workshop.good()
    tell = on("sending", lambda: world.sandbox.faults("invoke_errors", endpoint=ENDPOINT, count=9))
    said = fails(tell)
    assert "Diagnosis (container-fails)" in said


ERRORS = {
    "quota": {"kind": "quota_exceeded", "endpoint": ENDPOINT, "count": 9},
    "throttled": {
        "kind": "fail_aws",
        "action": "UpdateEndpoint",
        "code": "ThrottlingException",
        "status": 400,
        "count": 40,
    },
    "credentials-expired": {
        "kind": "fail_aws",
        "action": "UpdateEndpoint",
        "code": "ExpiredTokenException",
        "status": 403,
        "reason": "The security token included in the request is expired",
    },
    "pass-role": {
        "kind": "fail_aws",
        "action": "CreateModel",
        "code": "AccessDeniedException",
        "status": 400,
        "count": 40,
        "reason": "User: arn:aws:sts::123456789012:assumed-role/ci/job is not authorized to perform: "
        "iam:PassRole on resource: arn:aws:iam::123456789012:role/slipway-prod-us-east-1-execution because "
        "no identity-based policy allows the iam:PassRole action",
    },
}


@pytest.mark.parametrize("rule", ERRORS)
def test_what_aws_refuses_to_the_command_is_told_by_it(world, workshop, prod, rule):
    workshop.good()
    world.sandbox.faults(**ERRORS[rule])
    impatient = world.env | {"SLIPWAY_PATIENCE_SECONDS": "5"}
    done = world.slipway(*PROMOTE, expected=4, env=impatient)
    assert f"Diagnosis ({rule})" in " ".join(done.result["more"])
    world.sandbox.clear_faults()
    world.slipway(*PROMOTE)


def test_a_role_that_does_not_trust_sagemaker(world, workshop, prod):
    workshop.good()
    iam, role = world.client("iam"), names.execution_role("prod", "us-east-1")
    policy = json.dumps(iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"])
    other = policy.replace("sagemaker.amazonaws.com", "lambda.amazonaws.com")
    iam.update_assume_role_policy(RoleName=role, PolicyDocument=other)
    try:
        done = world.slipway(*PROMOTE, expected=4)
    finally:
        iam.update_assume_role_policy(RoleName=role, PolicyDocument=policy)
    assert "Diagnosis (role-not-assumed)" in " ".join(done.result["more"])
    world.slipway(*PROMOTE)


def test_an_alarm_that_takes_it_back_is_named_with_its_value(world, workshop, fails):
    workshop.good()
    runtime, stop = world.client("sagemaker-runtime"), time.monotonic() + 60
    world.edit("prod", rollout=GUARDED | {"wait_seconds": 3600})
    sagemaker, watched = world.client("sagemaker"), []

    def load():
        candidate = world.endpoint("prod").candidate
        assert candidate is not None
        watched.append(plan.config_plan("prod", "delays", candidate).name)
        world.sandbox.faults("invoke_errors", endpoint=ENDPOINT, status=500)

        def send():
            while time.monotonic() < stop:
                if sagemaker.describe_endpoint(EndpointName=ENDPOINT)["EndpointStatus"] == "RollingBack":
                    return
                try:
                    runtime.invoke_endpoint(EndpointName=ENDPOINT, Body=b"{}", ContentType="application/json")
                except runtime.exceptions.ModelError:
                    continue

        threading.Thread(target=send, daemon=True).start()

    try:
        said = fails(on("UpdateEndpoint", load))
    finally:
        world.sandbox.clear_faults()
        world.edit("prod", rollout=AT_ONCE)
    assert "Diagnosis (alarm)" in said
    assert f"{watched[0]}-errors rang" in said
    assert "Threshold Crossed" in said


def test_a_server_that_crashes_under_load_is_seen_without_a_rollout(world, workshop, inside, prod):
    release = workshop.good()
    promote(inside(quiet), ORDER, quiet)
    world.sandbox.faults("crash_after", endpoint=ENDPOINT, requests=1)
    runtime = world.client("sagemaker-runtime")
    with pytest.raises(runtime.exceptions.ModelError):
        runtime.invoke_endpoint(EndpointName=ENDPOINT, Body=b"{}", ContentType="application/json")
    project = inside(quiet)

    def recognised():
        found = doctor(project, "prod", None)
        return release in found.about and found.diagnosis and found.diagnosis.rule == "crash-loop"

    wait_until(recognised, "a crash loop in the log", 60)
