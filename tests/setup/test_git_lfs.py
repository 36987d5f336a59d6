"""Large files in Git, by the real git-lfs and a bare repository, as a team with its own project uses it."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from demo.project import make_project
from model import lfs
from tests.conftest import ROOT

GOLDEN = json.dumps({"tolerance": 1e-5, "requests": []})
Git = Callable[..., subprocess.CompletedProcess[str]]


def test_a_plain_clone_of_this_repository_needs_no_git_lfs():
    files = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    command = ["git", "check-attr", "-z", "--stdin", "filter"]
    told, would = (
        subprocess.run(command, cwd=ROOT, input=names, capture_output=True, check=True).stdout.split(b"\0")
        for names in (files, b"model/services/toys/golden.json\0")
    )
    assert b"lfs" in would
    assert b"unspecified" in told
    assert b"lfs" not in told


@pytest.fixture
def git(tmp_path, monkeypatch) -> Git:
    """Runs Git with git-lfs set up for nobody but this test; skips where there is no git-lfs."""
    if shutil.which("git-lfs") is None:
        pytest.skip("git-lfs is not installed (Debian: apt-get install git-lfs)")
    config = tmp_path / "gitconfig"
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")

    def run(folder: Path, *words: str, fails: bool = False, **env: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            ["git", *words], cwd=folder, env=os.environ | env, capture_output=True, text=True, check=False
        )
        assert bool(done.returncode) is fails, done.stdout + done.stderr
        return done

    run(tmp_path, "lfs", "install", "--skip-repo")
    for name, value in (("user.name", "A test"), ("user.email", "tests@example.com")):
        run(tmp_path, "config", "--global", name, value)
    return run


@pytest.fixture
def remote(git, tmp_path) -> Path:
    """A bare repository, to which somebody pushed a project with its golden requests and its data."""
    bare, project = tmp_path / "remote.git", make_project(tmp_path / "project")
    git(tmp_path, "init", "--quiet", "--bare", "--initial-branch", "main", str(bare))
    (project / "golden.json").write_text(GOLDEN)
    (project / "rows.parquet").write_bytes(b"PAR1" + bytes(5000))
    git(project, "init", "--quiet", "--initial-branch", "main")
    git(project, "add", "--all")
    git(project, "commit", "--quiet", "--message", "A project")
    git(project, "push", "--quiet", bare.as_uri(), "main")
    return bare


def test_what_a_project_commits_is_a_pointer_in_git_and_the_file_after_a_pull(git, remote, tmp_path):
    assert git(remote, "show", "main:golden.json").stdout.encode().startswith(lfs.POINTER)
    assert not git(remote, "show", "main:Pulumi.yaml").stdout.encode().startswith(lfs.POINTER)
    git(tmp_path, "clone", "--quiet", remote.as_uri(), "clone", GIT_LFS_SKIP_SMUDGE="1")
    golden = tmp_path / "clone" / "golden.json"
    with pytest.raises(lfs.PointerError, match="is a pointer of Git LFS") as caught:
        lfs.refuse_pointer(golden, golden.read_bytes())
    next_step = caught.value.next_step.rpartition("git ")[2].split()
    git(golden.parent, *next_step)
    lfs.refuse_pointer(golden, golden.read_bytes())
    assert golden.read_text() == GOLDEN
    assert (golden.parent / "rows.parquet").read_bytes().startswith(lfs.POINTER)
    git(golden.parent, "lfs", "pull")
    assert (golden.parent / "rows.parquet").read_bytes() == b"PAR1" + bytes(5000)


def test_a_damaged_object_fails_the_checkout(git, remote, tmp_path):
    [pointed] = [
        line for line in git(remote, "show", "main:golden.json").stdout.splitlines() if "oid" in line
    ]
    oid = pointed.rpartition(":")[2]
    kept = remote / "lfs" / "objects" / oid[:2] / oid[2:4] / oid
    kept.chmod(0o644)
    kept.write_bytes(kept.read_bytes().replace(b"1e-05", b"1e+05"))
    said = git(tmp_path, "clone", "--quiet", remote.as_uri(), "clone", fails=True).stderr
    assert oid in said
    clone = tmp_path / "clone" / "golden.json"
    assert not clone.exists() or clone.read_bytes().startswith(lfs.POINTER)
