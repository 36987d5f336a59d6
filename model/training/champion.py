"""The live model that a candidate is compared with: its graph, and what it was trained on.

Read from its `model.tar.gz` alone; the graph is run, nothing is unpickled.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from model import artifact, lfs
from model.contract import Service, Split
from model.training.errors import ChampionError, ExportError
from model.training.export import Scorer


@dataclass(frozen=True)
class Champion:
    """A packaged model that can score the same rows as the candidate."""

    sha256: str
    """Of its model.tar.gz, so that the evidence says what the candidate was compared with."""
    scorer: Scorer
    about: Mapping[str, Any]
    """Its model.json. It says what it was trained on, so that it is compared on rows that it has not seen."""


def read_champion(path: Path, service: Service) -> Champion:
    """The service's champion in the artifact at `path`.

    Raises ChampionError when the artifact is damaged, is not ours, or was made for other features,
    PointerError when it was not fetched from Git LFS.
    """
    content = _content(path)
    files = _files(path, content)
    try:
        digest = artifact.sha256(content)
        about = dict(json.loads(files[artifact.ABOUT]))
        scorer = Scorer(files[artifact.GRAPH], service)
    except (KeyError, TypeError, ValueError, ExportError) as error:
        raise _unusable(path, f"{type(error).__name__}: {error}".splitlines()[0]) from error
    unknown = sorted(set(scorer.inputs) - set(service.names))
    if unknown:
        why = f"its graph asks for features that are no longer made: {', '.join(unknown)}"
        raise _unusable(path, why, "Compare with none, as no rows suit both: --champion none")
    if service.output.name not in scorer.outputs:
        raise _unusable(path, f"its graph has no output {service.output.name!r}")
    return Champion(digest, scorer, about)


def split_beside(
    service: Service, options: Mapping[str, str], champion: Champion | None, path: Path | None
) -> Split:
    """The service's split for these options, beside the champion that was read from `path`.

    Raises ChampionError when the service cannot tell what the champion was trained on.
    """
    try:
        return service.split(options, champion.about if champion else None)
    except ValueError as error:
        raise _unusable(path or Path(artifact.ABOUT), str(error)) from error


def _content(path: Path) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise _not_ours(path, f"{type(error).__name__}: {error}") from error
    lfs.refuse_pointer(path, content)
    return content


def _files(path: Path, content: bytes) -> dict[str, bytes]:
    try:
        return artifact.read(content)
    except ValueError as error:
        raise _not_ours(path, str(error)) from error


def _not_ours(path: Path, why: str) -> ChampionError:
    return ChampionError(
        f"{path} is not a model that this project packaged: {why}",
        "Nothing was trained, because there is nothing to compare with.",
        "Give --champion the model.tar.gz of the live release, or --champion none for a first release.",
    )


def _unusable(path: Path, why: str, next_step: str = "") -> ChampionError:
    usual = "Give --champion the model.tar.gz of the live release, or none to compare with none."
    cause = f"The champion {path} cannot be compared with: {why}."
    return ChampionError(cause, "Nothing was trained.", next_step or usual)
