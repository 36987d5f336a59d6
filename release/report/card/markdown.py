"""The card as Markdown. Texts of a release or a person are escaped, as in a report."""

from collections.abc import Iterable

from release.report.card.document import Card, Section, Table
from release.report.markdown import table, text

LONGEST = 2000
"""Characters of a text that are told: a statement is longer than a reason."""


def markdown(card: Card) -> str:
    """The same sections as the page; the plot's numbers are its table."""
    failed = f"did not pass: {', '.join(card.failed)}" if card.failed else "every gate passed"
    lines = [f"# Model card of {text(card.release)}", "", text(f"Endpoint {card.service}; {failed}."), ""]
    for section in card.model:
        lines += _section(section, "##")
    lines += ["## Data sheet", ""]
    for section in card.data:
        lines += _section(section, "###")
    return "\n".join(lines)


def _section(section: Section, level: str) -> Iterable[str]:
    yield from (f"{level} {text(section.title)}", "")
    for line in section.lines:
        yield from (text(line, LONGEST), "")
    if section.points:
        yield from (*(f"- {text(point, LONGEST)}" for point in section.points), "")
    for each in section.tables:
        yield from _table(each)


def _table(each: Table) -> Iterable[str]:
    rows = [[text(cell, LONGEST) for cell in cells] for cells in each.rows]
    yield from (text(each.caption), "", *table([text(head) for head in each.heads], rows, each.numbers), "")
