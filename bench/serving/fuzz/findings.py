"""What was found, kept so that it can be sent again: the bytes of a case, and what was wrong with it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.serving.fuzz.cases import Case
from bench.serving.raw_http import Answer

REQUEST, ABOUT, ANSWER = "request.bin", "case.json", "answer.bin"


@dataclass(frozen=True)
class Finding:
    """One case that went wrong."""

    seed: int
    case: Case
    fault: str
    answers: Sequence[Answer]


def keep(finding: Finding, folder: Path) -> Path:
    """Writes the finding below `folder`; returns its own folder."""
    case = finding.case
    place = folder / f"{case.number}-{case.kind.replace(' ', '-').lower()}"
    place.mkdir(parents=True, exist_ok=True)
    (place / REQUEST).write_bytes(b"".join(case.pieces))
    about = {
        "seed": finding.seed,
        "number": case.number,
        "kind": case.kind,
        "fault": finding.fault,
        "broken": case.broken,
        "with_body": case.with_body,
        "rows": case.rows,
        "pieces": [len(piece) for piece in case.pieces],
        "answers": [{"status": answer.status, "headers": answer.headers} for answer in finding.answers],
    }
    (place / ABOUT).write_text(json.dumps(about, indent=1) + "\n")
    (place / ANSWER).write_bytes(b"\n\n".join(answer.body for answer in finding.answers))
    return place


def kept(place: Path) -> Case:
    """The case in the folder of a finding."""
    about = json.loads((place / ABOUT).read_text())
    content, pieces = (place / REQUEST).read_bytes(), []
    for size in about["pieces"]:
        pieces.append(content[:size])
        content = content[size:]
    return Case(about["number"], about["kind"], pieces, about["broken"], about["with_body"], about["rows"])
