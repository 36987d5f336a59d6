"""What terraform or OpenTofu makes of the module and an exported file, before anything is there."""

import json
import os

import pytest

from integrations.formats import files_of
from tests.integrations.stages import endpoint_of, exported, pin_of
from tests.integrations.terraform.program import NO_ACCOUNT, Module

pytestmark = pytest.mark.sandbox


@pytest.fixture(scope="module")
def module(tmp_path_factory):
    """The module with a provider that asks nobody; skips, and says why, where terraform cannot be had."""
    folder = tmp_path_factory.mktemp("terraform")
    found = Module(folder, {"HOME": str(folder), "PATH": os.environ["PATH"]})
    (found.folder / "provider.tf").write_text(NO_ACCOUNT)
    return found


@pytest.fixture
def written(tmp_path):
    """Writes a stage's variables; returns the file."""

    def write(*endpoints):
        [text] = files_of("terraform", exported(*endpoints)).values()
        file = tmp_path / "prod.tfvars.json"
        file.write_text(text)
        return file

    return write


@pytest.mark.parametrize("program", [pytest.param("terraform", marks=pytest.mark.long), "tofu"])
def test_the_module_and_the_one_that_adopts_are_valid(tmp_path, program):
    """The normal run asks OpenTofu, where it is installed: the tests that follow ask terraform much more."""
    adopting = Module(tmp_path, {"HOME": str(tmp_path), "PATH": os.environ["PATH"]}, "adopt", program)
    assert json.loads(adopting.run("validate", "-json"))["diagnostics"] == []


def test_an_exported_stage_is_planned_as_it_is_pinned(module, written):
    endpoint = endpoint_of(1, 2)
    planned = module.plan(written(endpoint))
    assert set(planned.values()) == {"create"}
    live, back = (release.config.name for release in endpoint.releases)
    assert planned.keys() == {
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
    file = written()
    file.write_text(file.read_text().replace(f"@{pin_of(1).digest}", ":latest"))
    said = module.run("plan", "-no-color", f"-var-file={file}", status=1)
    assert "An image is pinned by digest" in said


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
    assert len(planned) == 2 * 9


@pytest.mark.long
def test_where_slipway_moves_the_traffic_there_are_no_alarms_of_terraforms(module, written):
    planned = module.plan(written(), moved_by="slipway")
    assert 'aws_sagemaker_endpoint.rolled_out["delays"]' in planned
    assert len(planned) == 5


@pytest.mark.long
def test_the_module_is_written_as_the_program_writes_it(module):
    assert module.run("fmt", "-check", "-recursive") == ""
