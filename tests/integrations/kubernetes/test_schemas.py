"""The objects that kustomize makes of an export, compared with the API's schemas of several versions."""

import subprocess

import pytest

from scripts.setup.kubernetes_tools import VALIDATOR
from tests.integrations.kubernetes.cluster import program
from tests.integrations.stages import endpoint_of

pytestmark = [pytest.mark.sandbox, pytest.mark.long]

VERSIONS = ("1.26", "1.29", "1.33", "1.37")
"""From the oldest that documents promise to the newest that the validator knows."""


def objects(folder, file):
    """Have kustomize write a folder's objects into a file; how many there are."""
    made = subprocess.run(
        [program("kubectl"), "kustomize", folder], capture_output=True, text=True, check=True
    )
    file.write_text(made.stdout)
    return made.stdout.count("\nkind: ")


def validate(file, version):
    """What the validator says of a file, without an unknown member let pass."""
    if not VALIDATOR.made():
        pytest.skip("there is no kubernetes-validate: make kubernetes-tools")
    command = [VALIDATOR.home / "bin" / "kubernetes-validate", "--strict", "-k", version, file]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("role", ["live", "previous"])
def test_every_object_is_as_the_schema_says(written, tmp_path, version, role):
    count = objects(written() / "delays" / role, tmp_path / "objects.yaml")
    done = validate(tmp_path / "objects.yaml", version)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (done.stdout + done.stderr).count("passed for resource") == count == 6


def test_a_member_that_no_schema_knows_is_found(written, tmp_path):
    objects(written(endpoint_of()) / "delays" / "live", tmp_path / "objects.yaml")
    text = (tmp_path / "objects.yaml").read_text()
    (tmp_path / "objects.yaml").write_text(text.replace("minReplicas", "leastReplicas"))
    done = validate(tmp_path / "objects.yaml", VERSIONS[-1])
    assert done.returncode != 0
    assert "leastReplicas" in done.stdout + done.stderr
