"""One update, from the newest requirements that fit to what was decided about them.

Both images are built and measured in turn. The repository changes only where that is asked for and nothing
stands in the way.
"""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from measuring.wrk import generator
from model.image.build import BuildOptions, BuiltImage, build_image
from model.image.errors import UpdateError
from model.image.record import record
from model.image.update.findings import Finding, State, findings
from model.image.update.lock import SERVING, LockChange, Proposal, apply, propose
from model.image.update.trial import FILES, Measured, compare, read_model

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Wanted:
    """What to update and how to try it. `packages` are names; none stands for all."""

    packages: tuple[str, ...] = ()
    rounds: int = 3
    seconds: float = 3.0
    """Of load, for each case and round."""
    keep: bool = False
    """Whether to write the newer requirements into the repository."""


@dataclass(frozen=True)
class Places:
    """Where everything is: the repository, the project that models are trained in, what training left."""

    root: Path
    project: Path
    model: Path
    cache: Path
    """Of images."""
    uv: Path


class Decision(StrEnum):
    """What came of an update."""

    NOTHING = "nothing"
    """The lock is the newest that fits."""
    REFUSED = "refused"
    UNCLEAR = "unclear"
    """The rounds differ too much to tell; a person has to look."""
    GOOD = "good"
    """Nothing speaks against it, and it was not to be kept."""
    KEPT = "kept"


@dataclass(frozen=True)
class Outcome:
    """What an update would change, what was found, and which files of the repository it changed."""

    changes: tuple[LockChange, ...]
    findings: tuple[Finding, ...] = ()
    measured: tuple[Measured, Measured] | None = None
    files: tuple[Path, ...] = ()

    @property
    def against(self) -> list[Finding]:
        """What stands in the way of the update."""
        return [finding for finding in self.findings if finding.state in (State.REFUSED, State.UNCLEAR)]

    @property
    def decision(self) -> Decision:
        """What came of it."""
        if not self.changes:
            return Decision.NOTHING
        if any(finding.state is State.REFUSED for finding in self.against):
            return Decision.REFUSED
        if self.against:
            return Decision.UNCLEAR
        return Decision.KEPT if self.files else Decision.GOOD

    def summary(self) -> dict[str, Any]:
        """As JSON."""
        told: dict[str, Any] = {
            "changes": [change.record() for change in self.changes],
            "applied": bool(self.files),
        }
        if self.measured is None:
            return told
        return told | {
            "findings": [finding.record() for finding in self.findings],
            "before": self.measured[0].record(),
            "after": self.measured[1].record(),
            "load": generator(),
            "files": [str(path) for path in self.files],
        }


def attempt(wanted: Wanted, places: Places, step: Progress, note: Progress) -> Outcome:
    """Tries the newest requirements; `step` gets a line for each step, `note` the details.

    Raises UpdateError where nothing can be tried, TrialError where an image does not serve, LoadFailed, and
    what building raises.
    """
    with tempfile.TemporaryDirectory(prefix="slipway-update-") as name:
        work = Path(name)
        step("Asking the index for newer versions")
        proposal = propose(places.root, places.uv, wanted.packages, work / "lock")
        if not proposal.changes:
            return Outcome(())
        for change in proposal.changes:
            note(str(change))
        found, measured = _try(wanted, places, proposal, work, step, note)
    outcome = Outcome(proposal.changes, tuple(found), measured)
    if not wanted.keep or outcome.against:
        return outcome
    return replace(outcome, files=apply(places.root, places.uv, proposal))


def _try(
    wanted: Wanted, places: Places, proposal: Proposal, work: Path, step: Progress, note: Progress
) -> tuple[list[Finding], tuple[Measured, Measured]]:
    _train_if_missing(places, step)
    model = read_model(places.model, work)
    present, newer = work / "present" / SERVING, work / "newer" / SERVING
    shutil.copytree(places.root / SERVING, present, ignore=shutil.ignore_patterns("__pycache__"))
    # of the copy, so that an edit in the meantime is in both images or in none
    shutil.copytree(present, newer)
    (newer / "requirements.in").write_text(proposal.requirements, encoding="utf-8")
    (newer / "requirements.txt").write_text(proposal.lock, encoding="utf-8")
    images = tuple(_image(places, folder, step, note) for folder in (present, newer))
    step(f"same requests and same load for both, {wanted.rounds} rounds; load by {generator()}")
    measured = compare((images[0], images[1]), model, wanted.rounds, wanted.seconds, note)
    records = (record(images[0]), record(images[1]))
    return findings(records, measured, model.golden.tolerance), measured


def _image(places: Places, serving: Path, step: Progress, note: Progress) -> BuiltImage:
    step(f"building the image of {serving}")
    python = f"{sys.version_info[0]}.{sys.version_info[1]}"
    return build_image(BuildOptions(cache=places.cache, python=python, serving=serving, uv=places.uv), note)


def _train_if_missing(places: Places, step: Progress) -> None:
    """Raises UpdateError when there is no model and training leaves none either."""
    if all((places.model / name).is_file() for name in FILES):
        return
    step(f"training a model into {places.model}, because there is none")
    command = [places.root / "slipway", "train", "--out", places.model, "--json"]
    done = subprocess.run(command, cwd=places.project, capture_output=True, text=True)
    if done.returncode not in (0, 1) or not all((places.model / name).is_file() for name in FILES):
        raise UpdateError(
            f"There is no trained model in {places.model}, and ./slipway train ended with {done.returncode}.",
            "The requirements are as they were.",
            "Run ./slipway train, and put right what it says.",
        )
