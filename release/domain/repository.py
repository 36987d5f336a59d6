"""The Git repository around a stage's file: what it is asked, and how it answers.

It is `release/adapters/git.py` that runs `git`. A stage's file that no repository tracks (a trial folder, an
ignored one) is nothing to commit and nothing to propose in, and no error.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from release.domain.errors import ServiceError


@dataclass(frozen=True)
class Message:
    """What a commit says: a subject, and paragraphs of one line each."""

    subject: str
    body: tuple[str, ...] = ()


@dataclass(frozen=True)
class Checkout:
    """How the stage's file stands in the checkout that a command works in."""

    dirty: bool
    """Whether it is not as HEAD has it."""
    behind: int
    """How many commits of `upstream` that change it HEAD lacks, by what was fetched last."""
    upstream: str
    """The branch that HEAD's own follows; empty where it follows none."""


@dataclass(frozen=True)
class Committed:
    """A commit of the stage's file alone."""

    commit: str
    besides: bool
    """Whether the file held changes of others than pins, too: they are in the commit."""


class NotCommitted(ServiceError):
    """Git refused, or could not; the next step is the command that does it by hand."""


class Repository(Protocol):
    """The repository of one stage's file."""

    def checkout(self) -> Checkout | None:
        """How the file stands; None where no repository tracks it. Raises NotCommitted where git fails."""

    def commit(self, message: Callable[[], Message]) -> Committed | None:
        """Commit the file alone, as it is now, where its pins are not those of HEAD; else None.

        `message` is asked only then. Raises NotCommitted.
        """

    def branch(self, name: str, text: str, message: Message) -> str:
        """A branch `name` on HEAD with one commit, in which the file is `text`; the commit's id.

        Neither the working tree nor the index is touched. A branch of the same name is replaced only where it
        holds nothing but such a commit. Raises NotCommitted.
        """
