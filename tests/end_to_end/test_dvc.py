"""DVC as a person uses it: one clone makes and pushes, another pulls and has the release's bytes.

The tests of this file build on each other, in order: it is one story.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from release.domain import names
from tests.conftest import ROOT

pytestmark = [pytest.mark.sandbox, pytest.mark.long]

DVC = ROOT / ".tools" / "bin" / "dvc"
MODEL = Path(".build/model/model.tar.gz")
UP_TO_DATE = "Data and pipelines are up to date."
Run = Callable[..., str]


@pytest.fixture(scope="module")
def run(world) -> Run:
    """Runs a command in a folder, in the sandbox's AWS; gives what it said. It must fail where `fails`."""
    made = subprocess.run(
        [sys.executable, "-m", "scripts.setup.data_tools"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stderr
    who = {
        f"GIT_{who}_{what}": "tests@example.com"
        for who in ("AUTHOR", "COMMITTER")
        for what in ("NAME", "EMAIL")
    }
    plain = {name: value for name, value in world.env.items() if not name.startswith("MLFLOW_")}

    def command(folder: Path, *words: object, fails: bool = False) -> str:
        asked = [os.fspath(word) if isinstance(word, Path) else str(word) for word in words]
        done = subprocess.run(asked, cwd=folder, env=plain | who, capture_output=True, text=True, check=False)
        assert bool(done.returncode) is fails, f"{asked}: {done.stdout}\n{done.stderr}"
        return done.stdout + done.stderr

    return command


def with_tools(folder: Path) -> Path:
    """A clone that has what `make setup` and `make data-tools` make."""
    for name in (".venv", ".tools"):
        (folder / name).symlink_to(ROOT / name)
    return folder


@pytest.fixture(scope="module")
def first(run, tmp_path_factory) -> Path:
    """A repository with this checkout's files, changed ones too."""
    folder = tmp_path_factory.mktemp("dvc") / "first"
    for name in run(ROOT, "git", "ls-files", "--cached", "--others", "--exclude-standard").splitlines():
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    parameters = folder / "params.yaml"
    parameters.write_text(parameters.read_text().replace("trackers: mlflow", "trackers: none"))
    run(folder, "git", "init", "--quiet")
    run(folder, "git", "add", "--all")
    run(folder, "git", "commit", "--quiet", "--message", "All of it")
    return with_tools(folder)


@pytest.fixture(scope="module")
def second(run, first) -> Path:
    """A clone of the first, once that has its lock in Git."""
    folder = first.with_name("second")
    run(first, "git", "clone", "--quiet", first, folder)
    return with_tools(folder)


def sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


@pytest.fixture(scope="module")
def released(world, run, first) -> str:
    """The SHA-256 that the manifest of a release has, whose model DVC made in the first clone and pushed."""
    run(first, DVC, "repro")
    release = world.slipway("release", "--model", str(first / MODEL.parent)).result["release"]
    run(first, DVC, "push")
    run(first, "git", "add", "dvc.lock")
    run(first, "git", "commit", "--quiet", "--message", "What DVC made")
    manifest = world.ports("dev").artifacts.manifest(release)
    assert manifest.source["git_dirty"] is False
    assert manifest.source["data_sha256"] == sha256(first / ".build/dvc/data.parquet")
    return manifest.model.sha256


def test_where_nothing_has_changed_nothing_is_done(run, first, released):
    said = run(first, DVC, "repro")
    assert UP_TO_DATE in said
    assert "Running stage" not in said
    assert run(first, "git", "status", "--porcelain", "--untracked-files=no") == ""


def test_a_fresh_clone_pulls_the_releases_bytes_and_has_nothing_to_do(run, second, released):
    run(second, DVC, "pull")
    assert sha256(second / MODEL) == released
    said = run(second, DVC, "repro")
    assert UP_TO_DATE in said
    assert "Running stage" not in said
    assert sha256(second / MODEL) == released


def test_it_makes_the_same_bytes_itself_from_the_data_that_it_pulled(run, second, released):
    for stage in ("features", "train", "package"):
        run(second, DVC, "repro", "--force", "--single-item", stage)
    assert sha256(second / MODEL) == released


def test_what_is_changed_is_made_again_and_what_comes_before_is_not(run, second, released):
    parameters = second / "params.yaml"
    parameters.write_text(parameters.read_text().replace("model: boosting", "model: logistic"))
    said = run(second, DVC, "repro")
    assert [f"Running stage '{name}'" in said for name in ("ingest", "features", "train", "package")] == [
        False,
        False,
        True,
        True,
    ]
    assert sha256(second / MODEL) != released


def test_a_pull_takes_no_damaged_bytes_over(world, run, first, released):
    """DVC's own default would: `verify` in .dvc/config is what makes it look."""
    s3, bucket = world.client("s3"), world.ports("dev").artifacts.bucket
    content = (first / ".build/dvc/data.parquet").read_bytes()
    key = names.data_key(hashlib.md5(content, usedforsecurity=False).hexdigest())
    s3.put_object(Bucket=bucket, Key=key, Body=content[:-1] + b"?")
    third = first.with_name("third")
    run(first, "git", "clone", "--quiet", first, third)
    with_tools(third)
    run(third, DVC, "pull", fails=True)
    assert not (third / ".build/dvc/data.parquet").exists()
    s3.put_object(Bucket=bucket, Key=key, Body=content)
    run(third, DVC, "pull")
    assert sha256(third / MODEL) == released
