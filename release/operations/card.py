"""Card: the model card and data sheet of a release, by its manifest and the stages' ledgers. Reads only."""

from collections.abc import Iterable
from dataclasses import dataclass

from release.domain.errors import UsageError
from release.domain.ledger import Opened
from release.domain.manifest import Manifest
from release.domain.said import Said, shown
from release.operations import known
from release.ports import StagePorts, Tell, World
from release.report.card.build import build
from release.report.card.document import Card, Heard, Word
from release.report.card.markdown import markdown
from release.report.card.page import html

HTML, MARKDOWN = "card.html", "card.md"


@dataclass(frozen=True)
class Told:
    """A release's card in both shapes, and the stages that know the release."""

    card: Card
    html: str
    markdown: str
    stages: tuple[str, ...]
    unread: tuple[str, ...]


def card(world: World, release: str, tell: Tell) -> Told:
    """The card of a release that some stage knows, with what people said of it in any.

    A stage that cannot be read is told of and passed over. Raises UsageError where none knows the release.
    """
    known.is_id(release)
    found, unread = known.asked(
        world, lambda ports: (_manifest(ports, release), [*_said(ports, release)]), tell
    )
    knowing = {name: content for name, (content, _) in found.items() if content is not None}
    if not knowing:
        raise UsageError(
            f"No stage knows release {release}{known.as_far(unread)}.",
            "There is nothing to tell of it.",
            "See what is live where: ./slipway status",
        )
    words = [word for _, said in found.values() for word in said]
    heard = Heard(sorted(words, key=lambda word: word.at), [*found], unread)
    return of(next(iter(knowing.values())), heard, tuple(knowing))


def of(content: Manifest, heard: Heard | None = None, stages: tuple[str, ...] = ()) -> Told:
    """The card of a manifest that is at hand."""
    heard = heard or Heard()
    made = build(content, heard)
    return Told(made, html(made), markdown(made), stages, tuple(heard.unread))


def _manifest(ports: StagePorts, release: str) -> Manifest | None:
    try:
        return ports.artifacts.manifest(release)
    except UsageError:
        return None


def _said(ports: StagePorts, release: str) -> Iterable[Word]:
    """What people said of the release in a stage, by its ledger."""
    told = set()
    for stored in ports.ledger.latest(None) if ports.ledger.exists() else ():
        what = stored.entry.what
        if isinstance(what, Said) and stored.entry.subject.release == release:
            by = shown(what.by, what.actor)
            told.add((by, what.reason))
            yield Word(stored.entry.at, ports.name, what.event, by, what.reason, what.gate, what.until)
        if isinstance(what, Opened) and stored.entry.subject.release == release:
            # By SageMaker's Model Registry, or in a ledger of an earlier version, a yes stands here alone.
            for yes in what.approvals:
                by = shown(yes.by, yes.actor)
                if (by, yes.reason) not in told:
                    told.add((by, yes.reason))
                    yield Word(yes.at or stored.entry.at, ports.name, "approved", by, yes.reason)
