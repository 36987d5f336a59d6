"""What a killed engine left half written is made readable, and nothing else is touched."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from release.adapters.checkpoints import UNREADABLE, restore
from tests.conftest import ROOT

BEFORE, NOW = json.dumps({"version": 3}), json.dumps({"version": 3, "deployment": {}})


@pytest.fixture
def state(tmp_path: Path) -> Path:
    folder = tmp_path / ".pulumi" / "stacks" / "slipway"
    folder.mkdir(parents=True)
    (folder / "prod.json.bak").write_text(BEFORE)
    (folder / "prod.json").write_text(NOW)
    return folder / "prod.json"


def found(state: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in state.parent.iterdir()}


@pytest.mark.parametrize("left", ["", NOW[:9]])
def test_a_state_that_is_no_json_is_replaced_by_its_backup(state, tmp_path, left):
    state.write_text(left)
    assert "its backup is put back" in (restore("prod", f"file://{tmp_path}") or "")
    assert found(state) == {"prod.json": BEFORE, "prod.json.bak": BEFORE}


@pytest.mark.parametrize("name", ["prod.json.attrs", "prod.json.bak.attrs"])
def test_a_sidecar_that_is_no_json_is_removed_and_the_state_stays(state, tmp_path, name):
    state.with_name(name).write_text("")
    assert "is removed" in (restore("prod", f"file://{tmp_path}") or "")
    assert found(state) == {"prod.json": NOW, "prod.json.bak": BEFORE}


def test_what_is_whole_stays(state, tmp_path):
    state.with_name("prod.json.attrs").write_text('{"md5": "x"}')
    before = found(state)
    assert restore("prod", f"file://{tmp_path}") is None
    assert found(state) == before


def test_without_a_backup_or_on_another_backend_nothing_is_done(state, tmp_path):
    state.write_text("")
    assert restore("prod", "s3://bucket") is None
    assert restore("dev", f"file://{tmp_path}") is None
    state.with_name("prod.json.bak").write_text("")
    assert restore("prod", f"file://{tmp_path}") is None
    assert found(state) == {"prod.json": "", "prod.json.bak": ""}


@pytest.mark.sandbox
@pytest.mark.parametrize("ending", ["", ".attrs"])
def test_the_engine_reads_again_what_was_made_readable(tmp_path, ending):
    (tmp_path / "Pulumi.yaml").write_text("name: slipway\nruntime: python\n")
    backend = f"file://{tmp_path}"
    path = f"{ROOT / '.tools' / 'bin'}{os.pathsep}{os.environ['PATH']}"
    env = os.environ | {"PATH": path, "PULUMI_BACKEND_URL": backend, "PULUMI_CONFIG_PASSPHRASE": "x"}

    def pulumi(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [shutil.which("pulumi", path=path) or "pulumi", *words, "--stack", "prod"],
            cwd=tmp_path,
            env=env,
            capture_output=True,
            text=True,
        )

    assert pulumi("stack", "init").returncode == 0
    exported = pulumi("stack", "export").stdout
    (tmp_path / "state").write_text(exported)
    assert pulumi("stack", "import", "--file", "state").returncode == 0  # so that there is a backup
    (tmp_path / f".pulumi/stacks/slipway/prod.json{ending}").write_text("")
    assert UNREADABLE in pulumi("stack", "export").stderr
    assert restore("prod", backend)
    assert json.loads(pulumi("stack", "export").stdout)["version"] == json.loads(exported)["version"]
