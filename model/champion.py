"""The live model that a candidate is compared with: its graph and the months it was trained on.

Read from its `model.tar.gz` alone; the graph is run, nothing is unpickled.
"""

import json
from dataclasses import dataclass
from pathlib import Path

from model import artifact
from model.errors import ChampionError, ExportError, MonthsError
from model.export import OUTPUT, Scorer
from model.features import NAMES
from model.split import Months, parse_months


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
    files = artifact.unpack(path)
    try:
        digest = artifact.sha256(path.read_bytes())
        months = parse_months(str(json.loads(files[artifact.ABOUT])["months"]))
        scorer = Scorer(files[artifact.GRAPH])
    except (OSError, KeyError, TypeError, ValueError, MonthsError, ExportError) as error:
        raise _unusable(path, f"{type(error).__name__}: {error}".splitlines()[0]) from error
    unknown = sorted(set(scorer.inputs) - set(NAMES))
    if unknown:
        raise _unusable(path, f"its graph asks for features that are no longer made: {', '.join(unknown)}")
    if OUTPUT not in scorer.outputs:
        raise _unusable(path, f"its graph has no output {OUTPUT!r}")
    return Champion(digest, scorer, months)


def _unusable(path: Path, why: str) -> ChampionError:
    return ChampionError(
        f"The champion {path} cannot be compared with: {why}.",
        "Nothing was trained.",
        "Give --champion the model.tar.gz of the live release, or leave it out for a first release.",
    )
