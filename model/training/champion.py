"""The live model that a candidate is compared with: its graph and the months it was trained on.

Read from its `model.tar.gz` alone; the graph is run, nothing is unpickled.
"""

import json
from dataclasses import dataclass
from pathlib import Path

from model import artifact
from model.service.errors import MonthsError
from model.service.features import NAMES
from model.service.split import Months, parse_months
from model.training.errors import ChampionError, ExportError
from model.training.export import OUTPUT, Scorer


@dataclass(frozen=True)
class Champion:
    """A packaged model that can score the same rows as the candidate."""

    sha256: str
    """Of its model.tar.gz, so that the evidence says what the candidate was compared with."""
    scorer: Scorer
    months: Months
    """What it was trained on, so that the comparison uses rows that it has not seen either."""


def read_champion(path: Path) -> Champion:
    """The champion in the artifact at `path`.

    Raises ChampionError when the artifact is damaged, is not ours, or was made for other features.
    """
    content = _content(path)
    files = _files(path, content)
    try:
        digest = artifact.sha256(content)
        months = parse_months(str(json.loads(files[artifact.ABOUT])["months"]))
        scorer = Scorer(files[artifact.GRAPH])
    except (KeyError, TypeError, ValueError, MonthsError, ExportError) as error:
        raise _unusable(path, f"{type(error).__name__}: {error}".splitlines()[0]) from error
    unknown = sorted(set(scorer.inputs) - set(NAMES))
    if unknown:
        raise _unusable(path, f"its graph asks for features that are no longer made: {', '.join(unknown)}")
    if OUTPUT not in scorer.outputs:
        raise _unusable(path, f"its graph has no output {OUTPUT!r}")
    return Champion(digest, scorer, months)


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise _not_ours(path, f"{type(error).__name__}: {error}") from error


def _files(path: Path, content: bytes) -> dict[str, bytes]:
    try:
        return artifact.read(content)
    except ValueError as error:
        raise _not_ours(path, str(error)) from error


def _not_ours(path: Path, why: str) -> ChampionError:
    return ChampionError(
        f"{path} is not a model that this project packaged: {why}",
        "Nothing was trained, because there is nothing to compare with.",
        "Give --champion the model.tar.gz of the live release, or leave it out for a first release.",
    )


def _unusable(path: Path, why: str) -> ChampionError:
    return ChampionError(
        f"The champion {path} cannot be compared with: {why}.",
        "Nothing was trained.",
        "Give --champion the model.tar.gz of the live release, or leave it out for a first release.",
    )
