"""Where terraform and OpenTofu find the AWS provider: in both layouts of a mirror, each by its own name."""

import pytest

from tests.sandbox.clients import terraform_cli
from tests.sandbox.clients.terraform_cli import REGISTRIES, find

UNPACKED = "hashicorp/aws/5.100.0/linux_amd64/terraform-provider-aws_v5.100.0_x5"
PACKED = "hashicorp/aws/terraform-provider-aws_5.100.0_linux_amd64.zip"


@pytest.fixture(autouse=True)
def machine(tmp_path, monkeypatch):
    """A machine with both programs and one mirror, which is empty."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in REGISTRIES:
        (programs / name).touch(mode=0o755)
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.setenv("SLIPWAY_TF_PLUGINS", str(tmp_path / "mirror"))
    monkeypatch.setattr(terraform_cli, "_MIRRORS", ())
    monkeypatch.setattr(terraform_cli, "CACHE", tmp_path / "cache")
    return tmp_path


def keep(machine, registry, file):
    """Put a file into the mirror, under a registry's name."""
    kept = machine / "mirror" / registry / file
    kept.parent.mkdir(parents=True)
    kept.touch()


def found(program=""):
    """What is found; a test of finding does not skip where nothing is."""
    try:
        return find(program)
    except pytest.skip.Exception as skipped:
        pytest.fail(str(skipped))


@pytest.mark.parametrize("layout", [UNPACKED, PACKED])
@pytest.mark.parametrize("program", REGISTRIES)
def test_a_mirror_that_the_program_made_is_taken_as_it_is(machine, program, layout):
    keep(machine, REGISTRIES[program], layout)
    assert found(program) == (str(machine / "bin" / program), machine / "mirror")


@pytest.mark.parametrize("layout", [UNPACKED, PACKED])
def test_what_the_other_program_mirrored_is_found_under_this_ones_registry(machine, layout):
    keep(machine, REGISTRIES["terraform"], layout)
    for _ in range(2):
        _, mirror = found("tofu")
        assert (mirror / REGISTRIES["tofu"] / layout).is_file()
        assert not any(folder.is_symlink() for folder in mirror.rglob("*") if folder.is_dir())


def test_without_a_provider_the_test_is_skipped_and_says_how_to_have_one(machine):
    with pytest.raises(pytest.skip.Exception, match="`tofu providers mirror DIR` makes it"):
        find("tofu")


def test_the_program_is_that_of_the_variable(machine, monkeypatch):
    keep(machine, REGISTRIES["tofu"], PACKED)
    monkeypatch.setenv("SLIPWAY_TERRAFORM", "tofu")
    assert found()[0] == str(machine / "bin" / "tofu")
