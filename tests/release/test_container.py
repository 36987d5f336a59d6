"""The environment of an endpoint's containers: what a stage's data may ask for, and who keeps it."""

import pytest
from botocore.session import get_session
from pydantic import ValidationError

from release.domain import container, moves
from release.domain.pins import EndpointSettings, Instances, Pins
from release.domain.stage import parse
from tests.release.examples import NEW, OLD, pin

NAME = "delays-prod"
THREADS = {"OMP_NUM_THREADS": "2"}


def settings(**changes):
    return EndpointSettings.model_validate({"instances": Instances(max=4)} | changes)


def rolled_out(before: EndpointSettings, release=NEW):
    live = moves.after_rollout(before, pin(release), 2, NAME).live
    assert live is not None
    return live


def test_the_limits_are_sagemakers():
    model = get_session().get_service_model("sagemaker")
    most = {name: model.shape_for(name).metadata["max"] for name in ("EnvironmentMap", "EnvironmentKey")}
    assert most == {"EnvironmentMap": container.MOST_VARIABLES, "EnvironmentKey": container.MOST_CHARACTERS}
    assert model.shape_for("EnvironmentValue").metadata["max"] == container.MOST_CHARACTERS


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"1ST": "x"}, "environment.1ST"),
        ({"WITH-HYPHEN": "x"}, "environment.WITH-HYPHEN"),
        ({"A" * 1025: "x"}, "at most 1024 characters"),
        ({"LONG": "x" * 1025}, "at most 1024 characters"),
        ({"THREADS": 2}, "valid string"),
        ({f"N{n}": "x" for n in range(101)}, "at most 100"),
        ({f"N{n}": "x" * 1000 for n in range(40)}, "SageMaker allows 32768"),
        ({f"N{n}": "é" * 1000 for n in range(17)}, "SageMaker allows 32768"),
    ],
)
def test_what_sagemaker_would_refuse_is_refused_by_name(wrong, named):
    with pytest.raises(Exception, match="not a valid stage") as caught:
        parse("dev", {"aws:region": "us-east-1", "slipway:account": "123456789012"} | _endpoint(wrong))
    assert named in str(caught.value)


def _endpoint(environment):
    return {"slipway:endpoints": {"delays": {"environment": environment}}}


@pytest.mark.parametrize(
    "name",
    [
        *("SAGEMAKER_MODEL_SERVER_WORKERS", "SAGEMAKER_BIND_TO_PORT", "SAGEMAKER_ANYTHING", "PATH"),
        *("SLIPWAY_ENDPOINT", "SLIPWAY_VARIANT", "SLIPWAY_BIND_HOST", "SM_MODEL_DIR"),
    ],
)
def test_a_variable_that_would_break_the_server_is_refused_by_name(name):
    with pytest.raises(ValidationError, match=f"{name} cannot be set here: "):
        settings(environment={name: "x"})


def test_the_limits_themselves_are_taken():
    settings(environment={"A" * 1024: "x" * 1024, **{f"N{n}": "" for n in range(99)}})
    settings(environment={f"N{n:02}": "x" * 1021 for n in range(32)})


@pytest.mark.parametrize("wrong", [0, 257, "many", "2", True, 1.5])
def test_workers_are_auto_or_a_number_that_the_server_takes(wrong):
    with pytest.raises(ValidationError):
        settings(workers=wrong)


@pytest.mark.parametrize(("workers", "told"), [("auto", None), (1, "1"), (256, "256")])
def test_what_is_rolled_out_is_told_its_endpoint_and_what_the_data_asks_for(workers, told):
    found = rolled_out(settings(workers=workers, environment=THREADS)).environment
    assert found.pop(container.WORKERS, None) == told
    assert found == {**THREADS, "SLIPWAY_ENDPOINT": NAME}


def test_changed_settings_change_no_pin_and_are_seen():
    live = rolled_out(settings())
    changed = settings(live=live, workers=2, environment=THREADS)
    assert changed.pins == Pins(live=live)
    (difference,) = moves.unapplied(changed)
    assert difference.startswith("has another OMP_NUM_THREADS, SAGEMAKER_MODEL_SERVER_WORKERS in its env")
    applied = settings(live=rolled_out(changed), workers=2, environment=THREADS)
    assert not moves.shape_differs(applied)
    assert moves.shape_differs(settings(live=rolled_out(changed), workers=2)), "a variable that goes"


def test_another_network_or_capture_is_seen_and_rolled_out():
    vpc = {"subnets": ["subnet-2", "subnet-1"], "security_groups": ["sg-1"]}
    capture = {"percent": 5, "to": "s3://kept/delays"}
    live = rolled_out(settings())
    changed = settings(live=live, vpc=vpc, capture=capture)
    assert list(moves.unapplied(changed)) == [
        "has no vpc, the data asks for one",
        "has no capture, the data asks for one",
    ]
    after = rolled_out(changed)
    assert (after.vpc, after.capture) == (changed.vpc, changed.capture)
    assert after.vpc is not None
    assert after.vpc.subnets == ("subnet-1", "subnet-2"), "their order means nothing"
    assert not moves.shape_differs(changed.model_copy(update={"live": after}))
    assert next(moves.unapplied(settings(live=after))) == "has another vpc, the data asks for none"


@pytest.mark.parametrize(
    "wrong",
    [
        {"vpc": {"subnets": [], "security_groups": ["sg-1"]}},
        {"vpc": {"subnets": ["subnet-1"], "security_groups": []}},
        {"vpc": {"subnets": ["subnet-1"], "security_groups": [f"sg-{n}" for n in range(6)]}},
        {"vpc": {"subnets": [f"subnet-{n}" for n in range(17)], "security_groups": ["sg-1"]}},
        {"vpc": {"subnets": ["vpc-1"], "security_groups": ["sg-1"]}},
        {"capture": {"percent": 0, "to": "s3://kept/delays"}},
        {"capture": {"percent": 101, "to": "s3://kept/delays"}},
        {"capture": {"percent": 5, "to": "s3://kept/"}},
        {"capture": {"percent": 5, "by": "nobody"}},
    ],
    ids=str,
)
def test_a_network_or_capture_that_sagemaker_would_refuse_is_refused(wrong):
    with pytest.raises(ValidationError):
        settings(**wrong)


def test_an_upgrade_is_no_reason_to_roll_out_anew():
    assert not moves.shape_differs(settings(live=pin(OLD)))
    assert moves.shape_differs(settings(live=pin(OLD), workers=2))


def test_the_way_back_keeps_what_it_was_made_with():
    before = settings(live=pin(OLD, environment=THREADS), previous=None, workers=2)
    after = moves.after_rollout(before, pin(NEW), 2, NAME)
    assert moves.after_rollback(after).live == pin(OLD, environment=THREADS)
