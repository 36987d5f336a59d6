"""`make push-pins`, the last step of a job: what its commands committed reaches the remote."""

import os
import subprocess
from collections.abc import Callable
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


def test_a_conflict_leaves_the_commit_where_it_was_and_no_rebase_under_way(clones):
    first, second = clones
    commit(first, "prod", "a")
    commit(second, "prod", "b")
    push_pins(first)
    push_pins(second, fails=True)
    assert run(second, "git", "show", "HEAD:Pulumi.prod.yaml") == "b"
    assert run(second, "git", "status", "--porcelain") == ""
    assert "rebas" not in run(second, "git", "status")


def test_a_stage_file_that_is_changed_and_not_committed_keeps_no_commit_back(clones):
    first, second = clones
    commit(first, "dev", "a")
    push_pins(first)
    commit(second, "prod", "b")
    (second / "Pulumi.dev.yaml").write_text("before\n# half done\n")
    (second / "Pulumi.prod.yaml").write_text("b, and half done")
    push_pins(second)
    assert (on_main(first, "dev"), on_main(first, "prod")) == ("a", "b")


def meanwhile(folder: Path, pushes: Callable[[int], str]) -> None:
    """Before a push of this clone begins, others push: `pushes(n)` is what the n-th push of it meets."""
    hook = folder / ".git" / "hooks" / "pre-push"
    hook.parent.mkdir(exist_ok=True)
    lines = "\n".join(f"  {n}) {pushes(n)};;" for n in range(1, 9))
    hook.write_text(
        "#!/bin/sh\nunset $(git rev-parse --local-env-vars)\necho x >> .git/pushes\n"
        f"case $(wc -l < .git/pushes | tr -d ' ') in\n{lines}\nesac\n"
    )
    hook.chmod(0o755)


def another(folder: Path, file: str) -> str:
    """Somebody's push from another clone, as a line of the shell."""
    return (
        f"cd {folder} && git pull --quiet --rebase && echo x >> {file} && git add {file} && "
        f"git commit --quiet --message {file} && git push --quiet"
    )


def test_a_push_that_comes_between_is_gone_after(clones):
    first, second = clones
    commit(second, "prod", "b")
    meanwhile(second, lambda n: another(first, "other") if n < 3 else "true")
    push_pins(second)
    assert (second / ".git" / "pushes").read_text() == "x\n" * 3
    assert on_main(first, "prod") == "b"
    assert run(first, "git", "show", "origin/main:other") == "x\nx\n"


def test_a_remote_that_takes_no_commit_fails_the_job_after_some_tries(clones):
    first, second = clones
    commit(second, "prod", "b")
    meanwhile(second, lambda n: another(first, "other"))
    assert "took no commits, 5 times" in push_pins(second, fails=True)
    assert on_main(first, "prod") == "before"


BRANCH = "slipway/promote-prod-delays-abc"


def propose(folder: Path, pins: str, days: int = 0) -> None:
    """A proposal on a branch of its own, so many days later, as a command makes it: main stays as it is."""
    run(folder, "git", "switch", "--quiet", "--create", BRANCH)
    (folder / "Pulumi.prod.yaml").write_text(pins)
    date = f"2026-01-{1 + days:02}T00:00:00Z"
    run(folder, "env", f"GIT_COMMITTER_DATE={date}", "git", "commit", "--quiet", "--all", "--message", "x")
    run(folder, "git", "switch", "--quiet", "main")


def fresh(folder: Path, name: str) -> Path:
    """What actions/checkout makes: one branch of the remote, one commit deep."""
    made, remote = folder.parent / name, (folder.parent / "remote").as_uri()
    run(folder, "git", "init", "--quiet", str(made))
    run(made, "git", "remote", "add", "origin", remote)
    run(made, "git", "fetch", "--quiet", "--depth=1", "origin", "+refs/heads/main:refs/remotes/origin/main")
    run(made, "git", "checkout", "--quiet", "-B", "main", "refs/remotes/origin/main")
    return made


def proposed(folder: Path) -> str:
    """The last commit of the proposal's branch on the remote."""
    return run(folder, "git", "ls-remote", "origin", f"refs/heads/{BRANCH}").split()[0]


@pytest.mark.parametrize("moved", [False, True])
def test_the_same_proposal_again_is_left_as_it_is_on_the_remote(clones, moved):
    propose(clones[0], "better")
    push_pins(clones[0])
    before = proposed(clones[0])
    if moved:
        for pins in ("a", "b"):
            commit(clones[1], "dev", pins)
            push_pins(clones[1])
    again = fresh(clones[0], "again")
    propose(again, "better", days=7)
    commit(again, "dev", "c")
    push_pins(again)
    assert proposed(again) == before != run(again, "git", "rev-parse", BRANCH).strip()
    assert on_main(clones[1], "dev") == "c"


def test_a_proposal_that_was_worked_on_in_review_is_left_as_it_is(clones):
    propose(clones[0], "better")
    push_pins(clones[0])
    run(clones[1], "git", "fetch", "--quiet")
    run(clones[1], "git", "switch", "--quiet", BRANCH)
    commit(clones[1], "prod", "better, and reviewed")
    run(clones[1], "git", "push", "--quiet")
    push_pins(clones[0])
    again = fresh(clones[0], "again")
    propose(again, "better", days=7)
    push_pins(again)
    assert proposed(again) == run(clones[1], "git", "rev-parse", "HEAD").strip()


def test_another_proposal_of_that_name_is_named_and_the_pins_go_all_the_same(clones):
    propose(clones[0], "better")
    push_pins(clones[0])
    before = proposed(clones[0])
    again = fresh(clones[0], "again")
    propose(again, "the best")
    commit(again, "dev", "c")
    assert f"git push origin --delete {BRANCH}" in push_pins(again, fails=True)
    assert proposed(again) == before
    assert on_main(clones[1], "dev") == "c"


def test_pins_that_do_not_go_keep_no_proposal_back(clones):
    first, second = clones
    commit(first, "dev", "a")
    push_pins(first)
    propose(second, "better")
    commit(second, "dev", "b")
    assert "CONFLICT" in push_pins(second, fails=True)
    assert proposed(second) == run(second, "git", "rev-parse", BRANCH).strip()


def test_a_clone_that_is_one_commit_deep_goes_after_what_others_pushed(clones):
    shallow = fresh(clones[0], "shallow")
    for pins in ("a", "b"):
        commit(clones[0], "dev", pins)
    push_pins(clones[0])
    commit(shallow, "prod", "c")
    push_pins(shallow)
    assert (on_main(clones[0], "dev"), on_main(clones[0], "prod")) == ("b", "c")
    assert run(shallow, "git", "rev-parse", "--is-shallow-repository").strip() == "true"
