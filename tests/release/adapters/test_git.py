"""The Git repository of a stage's file, with the real git in folders of the test's own."""

import os
import shlex
import subprocess
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest

from release.adapters import git as adapter
from release.adapters.git import GitRepository
from release.adapters.stage_file import YamlStageFile
from release.domain.errors import UsageError
from release.domain.pins import Pins, Proposed
from release.domain.proposal import branch_of
from release.domain.repository import Checkout, Message, NotCommitted
from tests.model.serving.running import until
from tests.release.examples import pin

STAGE = """\
# The last stage.
config:
  slipway:protect: true
  slipway:endpoints:
    delays:
      instances: {type: ml.m7i.large, min: 1, max: 2}  # small
"""
SAID = Message("prod: delays promoted to 3f2a9c01d4e7", ("Reason: it is better", "By: user/ann"))
LIVE = pin("3f2a9c01d4e7")


def ended(pid: int) -> bool:
    """Whether a process is gone, and was waited for by whoever took it over."""
    with suppress(ProcessLookupError):
        os.kill(pid, 0)
        return False
    return True


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture(autouse=True)
def nobody(monkeypatch, tmp_path):
    """No settings but those of the test's own repository."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "none"))
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", str(tmp_path / "none"))
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    for name in ("GITHUB_ACTOR", "GITLAB_USER_LOGIN", "GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME", "EMAIL"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def folder(tmp_path):
    """A project inside a repository, in which other files are dirty and staged."""
    root = tmp_path / "repository"
    project = root / "deploy"
    project.mkdir(parents=True)
    git(root, "init", "--quiet", "--initial-branch=main")
    git(root, "config", "user.name", "Ann")
    git(root, "config", "user.email", "ann@example.com")
    (project / "Pulumi.prod.yaml").write_text(STAGE)
    (project / "other.txt").write_text("one\n")
    git(root, "add", ".")
    git(root, "commit", "--quiet", "-m", "begun")
    (project / "other.txt").write_text("two\n")
    (root / "staged.txt").write_text("new\n")
    git(root, "add", "staged.txt")
    return project


@pytest.fixture
def file(folder):
    return YamlStageFile(folder / "Pulumi.prod.yaml")


@pytest.fixture
def repository(folder):
    return GitRepository(folder / "Pulumi.prod.yaml")


def promote(file: YamlStageFile) -> None:
    file.write("delays", Pins(live=LIVE))


def standing(repository: GitRepository) -> Checkout:
    found = repository.checkout()
    assert found is not None
    return found


class TestCommit:
    def test_it_holds_the_stage_file_alone_and_says_why(self, folder, file, repository):
        promote(file)
        done = repository.commit(lambda: SAID)
        assert done is not None
        assert (done.commit, done.besides) == (git(folder, "rev-parse", "--short", "HEAD"), False)
        assert git(folder, "show", "--name-only", "--format=", "HEAD") == "deploy/Pulumi.prod.yaml"
        assert git(folder, "log", "-1", "--format=%B").split("\n\n") == [SAID.subject, *SAID.body]
        assert git(folder, "status", "--porcelain").split("\n") == ["M deploy/other.txt", "A  staged.txt"]

    def test_it_is_in_the_repository_of_the_file_whatever_git_itself_called_us_for(
        self, folder, file, repository, monkeypatch, tmp_path
    ):
        git(tmp_path, "init", "--quiet", "other")
        promote(file)
        with monkeypatch.context() as inside_a_hook:
            inside_a_hook.setenv("GIT_DIR", str(tmp_path / "other/.git"))
            inside_a_hook.setenv("GIT_INDEX_FILE", str(tmp_path / "other/.git/index"))
            assert repository.commit(lambda: SAID) is not None
        assert git(folder, "log", "-1", "--format=%s") == SAID.subject

    def test_what_did_not_change_is_not_committed(self, folder, repository):
        head = git(folder, "rev-parse", "HEAD")
        assert repository.commit(lambda: pytest.fail("nobody needs a message")) is None
        assert git(folder, "rev-parse", "HEAD") == head

    def test_settings_alone_are_left_to_whoever_changed_them(self, folder, repository):
        (folder / "Pulumi.prod.yaml").write_text(STAGE.replace("max: 2", "max: 4"))
        assert repository.commit(lambda: pytest.fail("no pin changed")) is None

    def test_settings_that_were_not_committed_before_go_along_and_that_is_said(
        self, folder, file, repository
    ):
        (folder / "Pulumi.prod.yaml").write_text(STAGE.replace("max: 2", "max: 4"))
        promote(file)
        done = repository.commit(lambda: SAID)
        assert done is not None
        assert done.besides

    def test_nothing_is_committed_where_nobody_wants_it(self, folder, file):
        promote(file)
        assert GitRepository(folder / "Pulumi.prod.yaml", commits=False).commit(lambda: SAID) is None

    def test_nor_where_no_repository_is(self, tmp_path):
        (tmp_path / "Pulumi.prod.yaml").write_text(STAGE)
        found = GitRepository(tmp_path / "Pulumi.prod.yaml")
        promote(YamlStageFile(found.file))
        assert (found.commit(lambda: SAID), found.checkout()) == (None, None)

    @pytest.mark.parametrize("ignored", [True, False])
    def test_nor_where_the_file_is_ignored_or_untracked(self, folder, ignored):
        trial = folder / "trial"
        trial.mkdir()
        (folder.parent / ".gitignore").write_text("trial/\n" * ignored)
        (trial / "Pulumi.prod.yaml").write_text(STAGE)
        found = GitRepository(trial / "Pulumi.prod.yaml")
        promote(YamlStageFile(found.file))
        head = git(folder, "rev-parse", "HEAD")
        assert (found.commit(lambda: SAID), found.checkout()) == (None, None)
        assert git(folder, "rev-parse", "HEAD") == head

    def test_nor_without_git(self, file, repository, monkeypatch, tmp_path):
        promote(file)
        monkeypatch.setenv("PATH", str(tmp_path))
        assert (repository.commit(lambda: SAID), repository.checkout()) == (None, None)

    def test_where_there_is_nothing_to_do_git_is_asked_once(self, repository, monkeypatch):
        asked, run = [], adapter.run
        monkeypatch.setattr(adapter, "run", lambda *given, **more: asked.append(given) or run(*given, **more))
        repository.commit(lambda: SAID)
        assert len(asked) == 1


class TestARefusalByGit:
    """Each names the cause, and a command that does it by hand once that is gone."""

    def refused(self, repository, words):
        with pytest.raises(NotCommitted, match=words) as caught:
            repository.commit(lambda: SAID)
        return shlex.split(caught.value.next_step)

    def by_hand(self, folder, command):
        subprocess.run(command, check=True, capture_output=True, cwd="/")
        assert git(folder, "log", "-1", "--format=%s", "--", "Pulumi.prod.yaml") == SAID.subject
        assert git(folder, "status", "--porcelain", "--", "Pulumi.prod.yaml") == ""

    def test_nobody_knows_who_commits(self, folder, file, repository):
        for key in ("user.name", "user.email"):
            git(folder, "config", "--unset", key)
        git(folder, "config", "user.useConfigOnly", "true")
        promote(file)
        command = self.refused(repository, "tell me who you are")
        git(folder, "config", "user.name", "Ann")
        git(folder, "config", "user.email", "ann@example.com")
        self.by_hand(folder, command)

    def test_in_ci_it_is_whoever_started_the_job(self, folder, file, repository, monkeypatch):
        for key in ("user.name", "user.email"):
            git(folder, "config", "--unset", key)
        monkeypatch.setenv("GITHUB_ACTOR", "ada")
        promote(file)
        assert repository.commit(lambda: SAID) is not None
        assert git(folder, "log", "-1", "--format=%an <%ae> %cn") == (
            "ada <ada@users.noreply.github.com> ada"
        )

    def test_a_hook_that_does_not_end_is_ended_and_leaves_no_lock(
        self, folder, file, repository, monkeypatch
    ):
        hook = folder.parent / ".git/hooks/pre-commit"
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\necho $$ >{folder}/hook\nexec sleep 600\n")
        hook.chmod(0o755)
        promote(file)
        monkeypatch.setattr(adapter, "SECONDS", 1.0)
        command = self.refused(repository, "did not end within 1 s")
        until(partial(ended, int((folder / "hook").read_text())), "the hook is gone")
        hook.unlink()
        self.by_hand(folder, command)

    def test_a_hook_says_no(self, folder, file, repository):
        hook = folder.parent / ".git/hooks/pre-commit"
        hook.parent.mkdir(exist_ok=True)
        hook.write_text("#!/bin/sh\necho 'no commits on Fridays' >&2\nexit 1\n")
        hook.chmod(0o755)
        promote(file)
        command = self.refused(repository, "no commits on Fridays")
        hook.unlink()
        self.by_hand(folder, command)

    def test_the_index_is_locked(self, folder, file, repository):
        lock = folder.parent / ".git/index.lock"
        lock.touch()
        promote(file)
        command = self.refused(repository, "index.lock")
        lock.unlink()
        self.by_hand(folder, command)

    def test_head_is_detached(self, folder, file, repository):
        git(folder, "checkout", "--quiet", "--detach")
        promote(file)
        command = self.refused(repository, "HEAD is detached")
        git(folder, "switch", "--quiet", "main")
        self.by_hand(folder, command)

    def test_a_merge_is_under_way(self, folder, file, repository):
        git(folder, "commit", "--quiet", "-am", "clean")
        git(folder, "switch", "--quiet", "-c", "side")
        (folder / "other.txt").write_text("side\n")
        git(folder, "commit", "--quiet", "-am", "side")
        git(folder, "switch", "--quiet", "main")
        (folder / "other.txt").write_text("main\n")
        git(folder, "commit", "--quiet", "-am", "main")
        assert subprocess.run(["git", "merge", "side"], cwd=folder, capture_output=True).returncode == 1
        promote(file)
        command = self.refused(repository, "merge")
        git(folder, "merge", "--abort")
        promote(file)
        self.by_hand(folder, command)

    def test_a_rebase_is_under_way(self, folder, file, repository):
        git(folder, "commit", "--quiet", "-am", "clean")
        git(folder, "-c", "sequence.editor=sed -i s/^pick/edit/", "rebase", "--quiet", "-i", "HEAD~1")
        promote(file)
        command = self.refused(repository, "HEAD is detached")
        git(folder, "stash", "--quiet")
        git(folder, "rebase", "--continue")
        git(folder, "stash", "pop", "--quiet")
        self.by_hand(folder, command)


class TestCheckout:
    def test_a_file_as_head_has_it_is_clean(self, repository):
        found = standing(repository)
        assert (found.dirty, found.behind, found.upstream) == (False, 0, "")

    def test_a_changed_one_is_dirty(self, file, repository):
        promote(file)
        assert standing(repository).dirty

    def test_only_newer_commits_of_the_file_itself_count_as_behind(self, folder, repository, tmp_path):
        git(folder, "commit", "--quiet", "-am", "clean")
        git(tmp_path, "clone", "--quiet", "--bare", str(folder.parent), "origin")
        git(tmp_path, "clone", "--quiet", "origin", "mine")
        mine = GitRepository(tmp_path / "mine/deploy/Pulumi.prod.yaml")
        git(folder, "remote", "add", "origin", str(tmp_path / "origin"))
        (folder / "other.txt").write_text("three\n")
        git(folder, "commit", "--quiet", "-am", "another file")
        git(folder, "push", "--quiet", "origin", "main")
        git(mine.file.parent, "fetch", "--quiet")
        assert standing(mine).behind == 0
        promote(YamlStageFile(repository.file))
        repository.commit(lambda: SAID)
        git(folder, "push", "--quiet", "origin", "main")
        assert standing(mine).behind == 0, "nothing is fetched"
        git(mine.file.parent, "fetch", "--quiet")
        found = standing(mine)
        assert (found.behind, found.upstream) == (1, "origin/main")


class TestBranch:
    @pytest.fixture
    def proposed(self):
        values = LIVE.model_dump(include={"release", "image", "model", "sha256"})
        return Proposed(**values, source="staging", replaces="0c77e1d2ab93")

    def test_it_is_one_commit_on_head_and_nothing_else_changes(self, folder, file, repository, proposed):
        name, edit = branch_of("prod", "delays", LIVE.release), file.proposing("delays", proposed)
        before = git(folder, "status", "--porcelain"), git(folder, "rev-parse", "HEAD")
        commit = repository.branch(name, edit.after, SAID)
        assert (git(folder, "status", "--porcelain"), git(folder, "rev-parse", "HEAD")) == before
        assert git(folder, "rev-parse", f"{name}^") == before[1]
        assert git(folder, "rev-parse", "--short", name) == commit
        assert git(folder, "show", "--name-only", "--format=", name) == "deploy/Pulumi.prod.yaml"
        assert git(folder, "show", f"{name}:deploy/Pulumi.prod.yaml") == edit.after.strip()

    def test_its_diff_adds_one_key_and_changes_no_other_line(self, folder, file, proposed):
        edit = file.proposing("delays", proposed)
        lines = [line for line in edit.diff.splitlines() if line[0] in "+-"][2:]
        assert lines[0] == "+      proposed:"
        assert all(line.startswith("+        ") for line in lines[1:])
        patch = folder / "it.patch"
        patch.write_text(edit.diff)
        git(folder, "apply", "it.patch")
        assert (folder / "Pulumi.prod.yaml").read_text() == edit.after

    def test_the_same_again_is_the_same_commit(self, file, repository, proposed):
        text = file.proposing("delays", proposed).after
        assert repository.branch("slipway/it", text, SAID) == repository.branch("slipway/it", text, SAID)

    def test_it_is_made_anew_where_head_went_on(self, folder, file, repository, proposed):
        text = file.proposing("delays", proposed).after
        repository.branch("slipway/it", text, SAID)
        git(folder, "commit", "--quiet", "-am", "on")
        repository.branch("slipway/it", text, SAID)
        assert git(folder, "rev-parse", "slipway/it^") == git(folder, "rev-parse", "main")

    def test_a_branch_with_somebodys_work_is_left_alone(self, folder, file, repository, proposed):
        text = file.proposing("delays", proposed).after
        repository.branch("slipway/it", text, SAID)
        git(folder, "stash", "--quiet")
        git(folder, "switch", "--quiet", "slipway/it")
        git(folder, "commit", "--quiet", "--allow-empty", "-m", "thoughts")
        git(folder, "switch", "--quiet", "main")
        git(folder, "stash", "pop", "--quiet")
        tip = git(folder, "rev-parse", "slipway/it")
        with pytest.raises(UsageError, match="holds something else"):
            repository.branch("slipway/it", text, SAID)
        assert git(folder, "rev-parse", "slipway/it") == tip
