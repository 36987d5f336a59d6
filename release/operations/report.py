"""Report: what one rollout came to, for people, by the ledger and the verdicts kept beside it.

Reads only, unless the report is to be kept in the stage's bucket.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from release.domain.errors import SlipwayError, UsageError
from release.domain.ledger import Entry, Opened, Remark
from release.domain.manifest import Manifest
from release.domain.said import shown
from release.ports import StagePorts, World
from release.report.build import build
from release.report.card.build import build as build_card
from release.report.card.document import Card, Heard, Word
from release.report.markdown import markdown
from release.report.page import html
from release.report.report import Report
from release.rollout.watching import VERDICTS

HTML, MARKDOWN = "report.html", "report.md"
WHOLE = 100
"""The share of whoever serves alone."""


@dataclass(frozen=True)
class Reported:
    """A rollout's report in both shapes, and where they were kept (None: nowhere)."""

    report: Report
    html: str
    markdown: str
    kept: tuple[str, ...] = ()


def report(
    world: World, stage: str, rollout: str | None = None, endpoint: str | None = None, keep: bool = False
) -> Reported:
    """The report of a rollout of a stage: the one with this id, or the newest (of `endpoint`, if given).

    With `keep` it is stored beside the rollout's evidence too, in the place of an earlier one. Raises
    UsageError when there is no such rollout.
    """
    return of(world.stage(world.stages.entry(stage).name), rollout, endpoint, keep)


def of(ports: StagePorts, rollout: str | None, endpoint: str | None, keep: bool) -> Reported:
    """As `report`, of a stage that is at hand."""
    entries = entries_of(ports, rollout, endpoint)
    name = entries[0].subject.rollout
    verdicts = list(_verdicts(ports.evidence.kept(name, VERDICTS)))
    manifests = _manifests(ports, entries[0])
    found = build(ports.name, entries, verdicts, manifests)
    page, text = html(found, _card(ports.name, entries[0], manifests)), markdown(found)
    kept = ()
    if keep:
        shapes = ((HTML, page), (MARKDOWN, text))
        kept = tuple(ports.evidence.put_report(name, file, body.encode()) for file, body in shapes)
    return Reported(found, page, text, kept)


def entries_of(ports: StagePorts, rollout: str | None, endpoint: str | None) -> list[Entry]:
    """The entries of the rollout, oldest first; the ledger is read backwards until it begins."""
    found: list[Entry] = []
    for stored in ports.ledger.newest_first() if ports.ledger.exists() else ():
        entry, subject = stored.entry, stored.entry.subject
        if isinstance(entry.what, Remark) or (endpoint and subject.endpoint != endpoint):
            continue
        if subject.rollout == (rollout or subject.rollout):
            rollout = subject.rollout
            found.append(entry)
            if isinstance(entry.what, Opened):
                return found[::-1]
    wanted = f"no rollout {rollout}" if rollout else "no rollout yet"
    of = f" of {endpoint}" if endpoint else ""
    raise UsageError(
        f"The ledger of {ports.name} has {wanted}{of}.",
        "There is nothing to report.",
        f"Every rollout's id is in the history: ./slipway history {ports.name} --all --json",
    )


def _verdicts(lines: Iterable[str]) -> Iterable[dict[str, Any]]:
    """The verdicts that were kept; a line that was cut off when its process died is none."""
    for line in lines:
        try:
            record = json.loads(line)
        except ValueError:
            continue
        if isinstance(record, dict) and isinstance(record.get("verdict"), dict):
            yield record


def _card(stage: str, first: Entry, manifests: Mapping[str, Manifest]) -> Card | None:
    """The card of the release that the rollout brought, with what people had said for it when it began."""
    content, opened = manifests.get(first.subject.release), first.what
    assert isinstance(opened, Opened)
    if content is None:
        return None
    yes = [Word(one.at, stage, "approved", shown(one.by, one.actor), one.reason) for one in opened.approvals]
    waived = [
        Word(one.at, stage, "waived", shown(one.by, one.actor), one.reason, one.gate, one.until.isoformat())
        for one in opened.waivers
    ]
    return build_card(content, Heard([*yes, *waived], (stage,)))


def _manifests(ports: StagePorts, first: Entry) -> dict[str, Manifest]:
    """The manifests of both releases, as far as the stage still has them."""
    opened = first.what
    assert isinstance(opened, Opened)
    found = {}
    for pin in (opened.before.live, opened.after.live):
        if pin is not None:
            try:
                found[pin.release] = ports.artifacts.manifest(pin.release)
            except SlipwayError:
                # The report says that it is missing; what else is known is worth telling.
                continue
    return found
