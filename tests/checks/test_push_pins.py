"""`make push-pins`, the last step of a job: what its commands committed reaches the remote."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.conftest import ROOT

PERSON = {"GIT_AUTHOR_NAME": "ci", "GIT_COMMITTER_NAME": "ci", "EMAIL": "ci@example.com"}
ALONE = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}


def run(folder: Path, *words: str, fails: bool = False) -> str:
    """A command in a folder, with the identity that a job has and no settings of this machine's."""
    env = os.environ | PERSON | ALONE
    done = subprocess.run(words, cwd=folder, env=env, capture_output=True, text=True, check=False)
    assert bool(done.returncode) is fails, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture
def clones(tmp_path) -> tuple[Path, Path]:
    """Two clones of one remote that has the files of two stages."""
    remote, first, second = (tmp_path / name for name in ("remote", "first", "second"))
    run(tmp_path, "git", "init", "--quiet", "--bare", "--initial-branch=main", str(remote))
    run(tmp_path, "git", "clone", "--quiet", str(remote), str(first))
    run(first, "git", "switch", "--quiet", "--orphan", "main")
    for stage in ("dev", "prod"):
        commit(first, stage, "before")
    run(first, "git", "push", "--quiet", "--set-upstream", "origin", "main")
    run(tmp_path, "git", "clone", "--quiet", str(remote), str(second))
    return first, second


def commit(folder: Path, stage: str, pins: str) -> None:
    """A stage's pins, committed as a command does it."""
    (folder / f"Pulumi.{stage}.yaml").write_text(pins)
    run(folder, "git", "add", ".")
    run(folder, "git", "commit", "--quiet", "--message", f"{stage}: {pins}")


def push_pins(folder: Path, fails: bool = False) -> str:
    """What the job runs."""
    return run(folder, "make", "--silent", "--file", str(ROOT / "Makefile"), "push-pins", fails=fails)


def on_main(folder: Path, stage: str) -> str:
    """A stage's pins on the remote."""
    run(folder, "git", "fetch", "--quiet")
    return run(folder, "git", "show", f"origin/main:Pulumi.{stage}.yaml")


def test_pins_of_two_stages_that_are_pushed_at_once_are_both_kept(clones):
    first, second = clones
    commit(first, "dev", "a")
    commit(second, "prod", "b")
    push_pins(first)
    push_pins(second)
    assert (on_main(first, "dev"), on_main(first, "prod")) == ("a", "b")


def test_a_branch_of_a_proposal_is_pushed_too_and_others_are_not(clones):
    first, second = clones
    for branch in ("slipway/promote-prod-delays-abc", "somebodys-work"):
        run(first, "git", "branch", branch)
    push_pins(first)
    run(second, "git", "fetch", "--quiet")
    told = run(second, "git", "branch", "--remotes")
    assert "origin/slipway/promote-prod-delays-abc" in told
    assert "somebodys-work" not in told


def test_with_nothing_committed_nothing_happens(clones):
    before = run(clones[0], "git", "rev-parse", "HEAD")
    push_pins(clones[0])
    assert run(clones[0], "git", "rev-parse", "origin/main") == before


def test_pins_that_two_jobs_of_one_stage_changed_are_a_conflict_and_fail_the_job(clones):
    first, second = clones
    commit(first, "prod", "a")
    commit(second, "prod", "b")
    push_pins(first)
    assert "CONFLICT" in push_pins(second, fails=True)
    assert on_main(second, "prod") == "a"
