"""What terraform or OpenTofu makes of the module and an export, before anything is there."""

import json
import os
from dataclasses import replace

import pytest

from integrations import folder
from integrations.formats import files_of
from tests.integrations.stages import endpoint_of, exported, pin_of
from tests.integrations.terraform.program import NO_ACCOUNT, Module

pytestmark = pytest.mark.sandbox


@pytest.fixture(scope="module")
def module(tmp_path_factory):
    """The root module with a provider that asks nobody; skips, and says why, where terraform is missing."""
    return made(tmp_path_factory.mktemp("terraform"))


def made(place):
    found = Module(place, {"HOME": str(place), "PATH": os.environ["PATH"]})
    (found.folder / "provider.tf").write_text(NO_ACCOUNT)
    return found


@pytest.fixture
def written(tmp_path):
    """Exports a stage; returns the folder."""

    def write(*endpoints, stage="prod"):
        value = replace(exported(*endpoints), stage=stage)
        folder.write(tmp_path / stage, files_of("terraform", value))
        return tmp_path / stage

    return write


@pytest.mark.parametrize("program", [pytest.param("terraform", marks=pytest.mark.long), "tofu"])
def test_the_module_and_the_one_that_adopts_are_valid(tmp_path, written, program):
    """The normal run asks OpenTofu, where it is installed: the tests that follow ask terraform much more."""
    place = tmp_path / "terraform"
    adopting = Module(place, {"HOME": str(place), "PATH": os.environ["PATH"]}, "adopt", program)
    adopting.take(written())
    assert json.loads(adopting.run("validate", "-json"))["diagnostics"] == []


def test_an_exported_stage_is_planned_as_it_is_pinned(module, written):
    endpoint = endpoint_of(1, 2)
    planned = module.plan(written(endpoint))
    assert set(planned.values()) == {"create"}
    live, back = (release.config.name for release in endpoint.releases)
    assert {address.removeprefix("module.stage.") for address in planned} == {
        "terraform_data.stage",
        *(f'aws_sagemaker_model.this["{release.model.name}"]' for release in endpoint.releases),
        *(f'aws_sagemaker_endpoint_configuration.this["{name}"]' for name in (live, back)),
        *(
            f'aws_cloudwatch_metric_alarm.guard["{name}-{what}"]'
            for name in (live, back)
            for what in ("errors", "latency")
        ),
        'aws_sagemaker_endpoint.guarded["delays"]',
    }


@pytest.mark.long
def test_an_image_without_a_digest_is_refused(module, written):
    place = written()
    values = place / "stage.json"
    values.write_text(values.read_text().replace(f"@{pin_of(1).digest}", ":latest"))
    module.take(place)
    assert "An image is pinned by digest" in module.run("plan", "-no-color", status=1)


@pytest.mark.long
@pytest.mark.parametrize("strategy", ["all-at-once", "canary", "linear", "judged", "shadow"])
def test_every_strategy_network_and_capture_are_what_the_provider_takes(module, written, strategy):
    place = {"subnets": ["subnet-1"], "security_groups": ["sg-1"]}
    both = [
        endpoint_of(
            name=name,
            rollout={"strategy": strategy},
            vpc=place,
            capture={"percent": 50, "to": "s3://kept/prod"},
        )
        for name in ("delays", "fares")
    ]
    planned = module.plan(written(*both))
    assert len(planned) == 1 + 2 * 9


@pytest.mark.long
def test_where_slipway_moves_the_traffic_there_are_no_alarms_of_terraforms(module, written):
    moved = module.folder / "moved_override.tf"
    moved.write_text('module "stage" {\n  moved_by = "slipway"\n}\n')
    planned = module.plan(written())
    moved.unlink()
    assert 'module.stage.aws_sagemaker_endpoint.kept["delays"]' in planned
    assert len(planned) == 1 + 5


@pytest.mark.long
def test_the_models_role_is_the_stages_until_another_is_given(module, written):
    module.plan(written(), role_arn="arn:aws:iam::210987654321:role/serving")
    assert "arn:aws:iam::210987654321:role/serving" in module.run("show", "-no-color", "plan")
    module.plan(written())
    assert f'execution_role_arn       = "{exported().role_arn}"' in module.run("show", "-no-color", "plan")


def test_a_state_of_another_stage_is_refused(tmp_path, written):
    """Whatever is in it: the first thing that an apply notes in a state is the stage that it is of."""
    module = made(tmp_path / "terraform")
    module.take(written())
    module.run("apply", "-auto-approve", "-target=module.stage.terraform_data.stage")
    module.take(written(stage="staging"))
    said = " ".join(module.run("plan", "-no-color", status=1).split())
    assert "This state is of the stage prod, and the pins are of staging" in said
    module.plan(written())


@pytest.mark.long
def test_the_module_is_written_as_the_program_writes_it(module):
    assert module.run("fmt", "-check", "-recursive", "../..") == ""
