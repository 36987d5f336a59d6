"""A proposal: a promotion as a change of the stage's file, reviewed and merged before it begins. Pure.

The change adds the key `proposed` to the endpoint (`release/domain/pins.py`), and no pin: until the merged
proposal is brought (`./slipway promote STAGE --merged`), nothing is made and nothing moves.
"""

import difflib
from dataclasses import dataclass

from release.domain.errors import UsageError
from release.domain.pins import Placed, Proposed
from release.domain.repository import Checkout, Message


@dataclass(frozen=True)
class Edit:
    """A change of a stage's file that was not written: its name, and its text before and after."""

    file: str
    before: str
    after: str

    @property
    def diff(self) -> str:
        """The change as a patch; `git apply` and `patch -p1` take it in the project's folder."""
        lines = difflib.unified_diff(
            self.before.splitlines(keepends=True),
            self.after.splitlines(keepends=True),
            f"a/{self.file}",
            f"b/{self.file}",
        )
        return "".join(line if line.endswith("\n") else f"{line}\n" for line in lines)


@dataclass(frozen=True)
class Proposal:
    """A promotion that waits to be merged."""

    stage: str
    endpoint: str
    release: str
    replaces: str | None
    """The release that is live in the stage."""
    title: str
    """Of the pull request, and the subject of the commit."""
    branch: str
    """The branch that holds the change, in one commit."""
    commit: str | None
    """That commit; None where no Git repository tracks the stage's file, and there is only the diff."""
    body: str
    """The pull request's text, in Markdown."""
    diff: str
    """The change of the stage's file."""


def branch_of(stage: str, endpoint: str, release: str) -> str:
    """The name of a proposal's branch."""
    return f"slipway/promote-{stage}-{endpoint}-{release}"


def message(stage: str, endpoint: str, proposed: Proposed) -> Message:
    """What the commit of a proposal says."""
    was = f" (was {proposed.replaces})" if proposed.replaces else ""
    reason = (f"Reason: {proposed.reason}",) if proposed.reason else ()
    once = f"Rolled out by ./slipway promote {stage} --merged once this is merged; until then nothing moves."
    return Message(f"{stage}: promote {endpoint} to {proposed.release}{was}", (*reason, once))


def refuse_checkout(found: Checkout | None, stage: str) -> None:
    """Raise UsageError where the stage's file is not what Git has and everybody reviews."""
    file = f"Pulumi.{stage}.yaml"
    if found is not None and found.dirty:
        raise UsageError(
            f"{file} has changes that are not committed.",
            "What nobody else sees was reviewed by nobody, so nothing was changed.",
            f"See git diff {file}; then commit it, or put it back (git restore {file}), and run this again.",
        )
    if found is not None and found.behind:
        raise UsageError(
            f"This checkout is outdated: {found.upstream} has {found.behind} newer "
            f"commit{'s' * (found.behind > 1)} of {file}.",
            "What is live may have changed since, so nothing was changed.",
            "Bring it up to date (git pull --ff-only), then run this again.",
        )


def edited_by_hand(proposed: Proposed, proven: Placed) -> tuple[str, ...]:
    """What a proposal names otherwise than the release's manifest and the stage have it, in words."""
    names = {"image": "image", "model": "artifact", "sha256": "checksum"}
    return tuple(
        f"its {words} is {getattr(proposed, field)}, and of the release {getattr(proven, field)}"
        for field, words in names.items()
        if getattr(proposed, field) != getattr(proven, field)
    )
