"""A card as values: sections that a page and Markdown tell alike."""

from collections.abc import Sequence
from dataclasses import dataclass

from release.domain.card import Bin


@dataclass(frozen=True)
class Table:
    """Rows of plain text; `numbers` are the columns that stand to the right."""

    caption: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    numbers: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Plot:
    """Mean score beside mean label, tenth by tenth."""

    bins: Sequence[Bin]
    share: bool
    """Whether both are shares, to be told in per cent."""


@dataclass(frozen=True)
class Section:
    """One thing that is told: paragraphs, points, a drawing, tables."""

    title: str
    lines: Sequence[str] = ()
    points: Sequence[str] = ()
    plot: Plot | None = None
    tables: Sequence[Table] = ()


@dataclass(frozen=True)
class Card:
    """The card of one release."""

    release: str
    service: str
    failed: Sequence[str]
    """The gates that it did not pass."""
    model: Sequence[Section]
    """The model card."""
    data: Sequence[Section]
    """The data sheet."""


@dataclass(frozen=True)
class Word:
    """What a person said of the release in a stage, by its ledger."""

    at: str
    stage: str
    event: str
    by: str
    reason: str
    gate: str = ""
    until: str = ""


@dataclass(frozen=True)
class Heard:
    """What people said, of which stages that is known, and of which it could not be read."""

    words: Sequence[Word] = ()
    stages: Sequence[str] = ()
    unread: Sequence[str] = ()
