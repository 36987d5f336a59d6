"""From a release's manifest, and what people said of it, to its `Card`. Nothing else is asked."""

from release.domain import card as evidence
from release.domain.card import CardEvidence
from release.domain.manifest import Manifest
from release.report.card import model, sheet
from release.report.card.document import Card, Heard, Section

OLDER = (
    "It was released by a version that measured nothing for a card: what is not told here is not in its "
    "evidence. Train and release it again for a whole card."
)
FOREIGN = (
    "It is a container that somebody else built, with evidence of theirs: what is not told here, whoever "
    "made it knows."
)
OTHER = "What it holds for a card cannot be read by this version of Slipway."


def build(manifest: Manifest, heard: Heard) -> Card:
    """The card; of a release without evidence for one, what its manifest tells all the same."""
    found, remark = _evidence(manifest)
    sections = model.sections(manifest, found, heard)
    return Card(
        release=manifest.id,
        service=manifest.service,
        failed=[gate.name for gate in manifest.gates if not gate.passed],
        model=sections,
        data=sheet.sections(found) if found.known else [Section("Data", [remark])],
    )


def _evidence(manifest: Manifest) -> tuple[CardEvidence, str]:
    try:
        return evidence.of(manifest.card), OLDER if manifest.foreign is None else FOREIGN
    except ValueError:
        return CardEvidence(), OTHER
