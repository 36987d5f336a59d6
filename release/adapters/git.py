"""The Git repository of a stage's file, by the `git` of this machine.

It runs without a pager, an editor and a prompt, and no hook is skipped where something is committed. Nothing
is fetched or pushed: what others have is known from what was fetched last.
"""

import os
import shlex
import signal
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from release.adapters import ci, stage_file
from release.domain.errors import UsageError
from release.domain.repository import Checkout, Committed, Message, NotCommitted

GRACE_SECONDS = 5.0
"""How long a git that is asked to end may take for that."""
SECONDS = 60.0
"""How long one call of git may take, its hooks included."""
_LEAD_ELSEWHERE = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_NAMESPACE")
"""Variables by which git, called from one of its own hooks, would work in another repository."""
_QUIET = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_EDITOR": ":",
    "GIT_OPTIONAL_LOCKS": "0",
}
_STATUS = ("status", "--porcelain=v2", "--branch", "--untracked-files=no")
_NO_REPOSITORY = ("not a git repository", "must be run in a work tree")


def run(
    folder: Path, *arguments: str, stdin: str = "", more: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run git in a folder, with `more` variables, and with its hooks in a session of their own.

    Raises FileNotFoundError without git, and TimeoutExpired once a git that took too long has ended.
    """
    kept = {name: value for name, value in os.environ.items() if name not in _LEAD_ELSEWHERE}
    command = ["git", "--no-pager", *arguments]
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=kept | _QUIET | dict(more or {}),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,
    )
    try:
        said = process.communicate(stdin, SECONDS)
    except BaseException:
        _end(process)
        raise
    return subprocess.CompletedProcess(command, process.returncode, *said)


def _end(process: subprocess.Popen[str]) -> None:
    """End git and its hooks: asked to, it takes its locks with it; killed, it leaves them."""
    for signum in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signum)
        with suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=GRACE_SECONDS)
            return


@dataclass(frozen=True)
class _Status:
    """What `git status` says of the file."""

    branch: str
    """Empty where HEAD is detached."""
    upstream: str
    changed: bool


@dataclass(frozen=True)
class GitRepository:
    """The repository in whose working tree `file` lies; without `commits` nothing is ever committed."""

    file: Path
    commits: bool = True

    def checkout(self) -> Checkout | None:
        """As the port. Raises NotCommitted where git fails."""
        found = self._status()
        if found is None or not (found.changed or self._tracked()):
            return None
        behind = 0
        if found.upstream:
            newer = self._git("rev-list", "--count", f"HEAD..{found.upstream}", "--", self.file.name)
            behind = int(newer)
        return Checkout(found.changed, behind, found.upstream)

    def commit(self, message: Callable[[], Message]) -> Committed | None:
        """As the port."""
        try:
            found = self._status() if self.commits else None
        except NotCommitted as error:
            raise self._not_done(error.cause, ("commit", "--", self.file.name)) from None
        if found is None or not found.changed:
            return None
        pins, besides = self._changed_since_head()
        if not pins:
            return None
        said = message()
        by_hand = ("commit", *_paragraphs(said), "--", self.file.name)
        if not found.branch:
            raise self._not_done("HEAD is detached, so the commit would be on no branch", by_hand)
        try:
            self._git("commit", "--quiet", *by_hand[1:], more=self._who())
        except NotCommitted as error:
            raise self._not_done(error.cause, by_hand) from None
        return Committed(self._git("rev-parse", "--short", "HEAD"), besides)

    def branch(self, name: str, text: str, message: Message) -> str:
        """As the port. Raises UsageError where a branch of that name holds something else."""
        head, ref = self._git("rev-parse", "HEAD"), f"refs/heads/{name}"
        tree = self._tree_with(text)
        tip = self._git("rev-parse", "--verify", "--quiet", ref, fails=True)
        if tip and self._git("log", "-1", "--format=%T %P", tip) == f"{tree} {head}":
            return self._git("rev-parse", "--short", tip)
        if tip and not self._replaceable(tip, message):
            raise UsageError(
                f"There is a branch {name} already, and it holds something else than this proposal.",
                "It may be somebody's work, so nothing was changed.",
                f"See git log {name}; where nobody needs it, git branch -D {name}, then run this again.",
            )
        signed = ["-S"] if self._git("config", "--type=bool", "commit.gpgsign", fails=True) == "true" else []
        commit = self._git("commit-tree", tree, "-p", head, *signed, *_paragraphs(message), more=self._who())
        self._git("update-ref", ref, commit, tip or "0" * len(commit))
        return self._git("rev-parse", "--short", commit)

    def _replaceable(self, tip: str, message: Message) -> bool:
        """Whether a branch's last commit is an earlier proposal of the same, on a commit that HEAD has."""
        if self._git("log", "-1", "--format=%s", tip) != message.subject:
            return False
        parent = self._git("rev-parse", "--verify", "--quiet", f"{tip}^", fails=True)
        return bool(parent) and self._git("merge-base", parent, "HEAD", fails=True) == parent

    def _tree_with(self, text: str) -> str:
        """The tree of HEAD, in which the file is `text`; made in an index of its own."""
        blob = self._git("hash-object", "-w", "--stdin", f"--path={self.file.name}", stdin=text)
        listed = self._git("ls-tree", "--full-name", "HEAD", "--", self.file.name)
        mode, path = listed.split()[0], listed.partition("\t")[2]
        with tempfile.TemporaryDirectory() as folder:
            index = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
            self._git("read-tree", "HEAD", more=index)
            self._git("update-index", "--cacheinfo", f"{mode},{blob},{path}", more=index)
            return self._git("write-tree", more=index)

    def _who(self) -> Mapping[str, str]:
        """Who commits, where git does not know and CI does: a runner has no settings of its own."""
        known = ci.identity()
        if known is None or "GIT_AUTHOR_NAME" in os.environ or self._git("config", "user.name", fails=True):
            return {}
        name, email = known
        roles = ("AUTHOR", "COMMITTER")
        return {f"GIT_{role}_NAME": name for role in roles} | {f"GIT_{role}_EMAIL": email for role in roles}

    def _tracked(self) -> bool:
        return bool(self._git("ls-files", "--", self.file.name))

    def _changed_since_head(self) -> tuple[bool, bool]:
        """Whether pins of the file, and whether anything else in it, are not as HEAD has them."""
        before = self._git("show", f"HEAD:./{self.file.name}", fails=True)
        return stage_file.differ(before, self.file)

    def _status(self) -> _Status | None:
        """What git says of the file; None where there is no repository, or no git."""
        try:
            said = self._git(*_STATUS, "--", self.file.name, more={"LC_ALL": "C"})
        except NotCommitted as error:
            if any(words in error.cause for words in _NO_REPOSITORY):
                return None
            raise
        except FileNotFoundError:
            return None
        lines = [line.split() for line in said.splitlines()]
        told = {line[1]: line[2] for line in lines if line[0] == "#" and len(line) > 2}
        branch = told.get("branch.head", "")
        upstream = told.get("branch.upstream", "") if "branch.ab" in told else ""
        changed = any(line[0] in ("1", "2", "u") for line in lines)
        return _Status("" if branch == "(detached)" else branch, upstream, changed)

    def _git(
        self, *arguments: str, stdin: str = "", more: Mapping[str, str] | None = None, fails: bool = False
    ) -> str:
        """What a command says; with `fails` a failure is an empty answer, else it raises NotCommitted."""
        try:
            done = run(self.file.parent, *arguments, stdin=stdin, more=more)
        except subprocess.TimeoutExpired:
            late = f"git {arguments[0]} did not end within {SECONDS:.0f} s"
            raise self._not_done(late, arguments) from None
        if done.returncode == 0:
            return done.stdout.strip()
        if fails:
            return ""
        said = " ".join((done.stderr or done.stdout).split())
        raise self._not_done(said or f"git {arguments[0]} ended with {done.returncode}", arguments)

    def _not_done(self, cause: str, arguments: Sequence[str]) -> NotCommitted:
        command = shlex.join(["git", "-C", str(self.file.parent), *arguments])
        return NotCommitted(cause, "Nothing was committed.", command)


def _paragraphs(message: Message) -> tuple[str, ...]:
    return tuple(word for line in (message.subject, *message.body) for word in ("-m", line))
