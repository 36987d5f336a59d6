"""Models and endpoint configs are named by all that they hold: none is ever replaced by a namesake."""

import pytest

from release.domain import names
from release.domain.ledger import End
from release.domain.pins import ReleasePin
from release.domain.plan import Split, beside_plan, config_plan, model_plan
from tests.release.examples import NEW, NEXT, OLD, pin
from tests.release.scenes import begin, pins_now, run, serves, serving

OTHER_IMAGE = f"123456789012.dkr.ecr.us-east-1.amazonaws.com/elsewhere@sha256:{NEW[0] * 64}"
OTHER_MODELS = (
    f"s3://elsewhere/models/{NEW[0] * 64}/model.tar.gz",
    f"s3://slipway-prod-123456789012-us-east-1/moved/{NEW[0] * 64}/model.tar.gz",
    f"s3://slipway-prod-123456789012-us-east-1/models/{OLD[0] * 64}/model.tar.gz",
)
OTHER_ENVIRONMENTS = (
    {"SLIPWAY_ENDPOINT": "delays-prod"},
    {"SLIPWAY_ENDPOINT": "delays-prod", "SAGEMAKER_MODEL_SERVER_WORKERS": "2"},
    {"SLIPWAY_ENDPOINT": "delays-prod", "SAGEMAKER_MODEL_SERVER_WORKERS": "4"},
    {"SLIPWAY_ENDPOINT": "delays-prod", "OMP_NUM_THREADS": "2"},
    {"OMP_NUM_THREADS": "2"},
)
NETWORKS = (
    {"subnets": ["subnet-1", "subnet-2"], "security_groups": ["sg-1"]},
    {"subnets": ["subnet-1"], "security_groups": ["sg-1"]},
    {"subnets": ["subnet-1"], "security_groups": ["sg-2"]},
)
AS_BEFORE = {"environment": OTHER_ENVIRONMENTS[0]}
"""What is rolled out in these stages has it already."""
OF_MODELS = [
    {"image": OTHER_IMAGE},
    *({"model": model} for model in OTHER_MODELS),
    *({"environment": variables} for variables in OTHER_ENVIRONMENTS),
    *({"vpc": network} for network in NETWORKS),
]
OF_CONFIGS = [
    {"type": "ml.c7i.large"},
    {"capacity": 3},
    {"capture": {"percent": 5, "to": "s3://kept/delays"}},
    {"capture": {"percent": 6, "to": "s3://kept/delays"}},
    {"capture": {"percent": 5, "to": "s3://kept/other"}},
]


def model(found: ReleasePin) -> str:
    return model_plan("prod", "delays", found).name


def config(found: ReleasePin) -> str:
    return config_plan("prod", "delays", found).name


@pytest.mark.parametrize("change", OF_MODELS)
def test_each_input_of_a_model_is_in_its_name_and_in_its_configs(change):
    other = pin(NEW, **change)
    assert model(other) != model(pin(NEW))
    assert config(other) != config(pin(NEW))


@pytest.mark.parametrize("change", OF_CONFIGS)
def test_each_input_of_a_config_is_in_its_name_and_in_no_models(change):
    other = pin(NEW, **change)
    assert config(other) != config(pin(NEW))
    assert model(other) == model(pin(NEW))


def test_no_two_of_these_share_a_name():
    found = [pin(NEW), pin(OLD), *(pin(NEW, **change) for change in (*OF_MODELS, *OF_CONFIGS))]
    assert len({config(one) for one in found}) == len(found)
    assert len({model(one) for one in found}) == len(OF_MODELS) + 2


def test_variants_beside_each_other_are_in_the_name_too():
    splits = (Split(0), Split(5), Split(5, shadow=True))
    pairs = [(pin(NEW), pin(NEXT)), (pin(NEXT), pin(NEW)), (pin(NEW), pin(NEXT, type="ml.c7i.large"))]
    found = {beside_plan("prod", "delays", *pair, split).name for pair in pairs for split in splits}
    assert len(found) == len(pairs) * len(splits)


def test_what_an_earlier_version_rolled_out_keeps_its_names():
    """Its pins have no environment: their models were made without one, and are not made anew."""
    assert model(pin(NEW)) == f"delays-prod-{NEW}"
    assert model_plan("prod", "delays", pin(NEW)).environment == ()
    assert names.execution_role("prod", "eu-west-1") == "slipway-prod-eu-west-1-execution"


def test_the_longest_names_fit():
    longest = pin(NEW, image=OTHER_IMAGE)
    assert len(model_plan("abcdefghijkl", "a" * 30, longest).name) == names.SAGEMAKER_NAME_LIMIT


@pytest.mark.parametrize(
    "change",
    [{}, *(one for one in (*OF_MODELS, *OF_CONFIGS) if one != AS_BEFORE)],
    ids=str,
)
def test_each_change_is_a_create_a_move_and_a_delete(change):
    """The stack of these tests refuses to make something else of a name that there is."""
    stage = serving(live=0, previous=None, instances={"min": 1, "max": 4})
    before = pins_now(stage).live
    assert before is not None
    changed_pin = ReleasePin.model_validate(before.model_dump() | change)
    after = changed_pin if change else stage.pin(2)
    settings = stage.file.endpoints["delays"]
    changed = settings.instances.model_copy(
        update={"type": change.get("type", before.type), "min": change.get("capacity", 1)}
    )
    asked = {"environment": change.get("environment", {}), "vpc": after.vpc, "capture": after.capture}
    stage.file.endpoints["delays"] = settings.model_copy(update={"instances": changed, **asked})
    made = there(stage)
    begin(stage, after)
    assert run(stage).end is End.LANDED
    assert [update.config for update in stage.sagemaker.updates] == [config_now(stage)]
    assert config_now(stage) not in made
    assert set(stage.stack.deleted) == made - there(stage)


def there(stage):
    return set(stage.sagemaker.configs) | set(stage.sagemaker.models)


def config_now(stage):
    found = serves(stage)
    assert found is not None
    return found.name
