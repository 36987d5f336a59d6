"""The card as HTML: a page of its own, and the same sections folded into a rollout's report."""

from collections.abc import Iterable, Sequence
from html import escape

from release.report import shell, tables
from release.report.card.document import Card, Section, Table
from release.report.card.plot import calibration


def html(card: Card) -> str:
    """The page."""
    title = f"Model card of {card.release}"
    passed, tone = ("every gate passed", "pass") if not card.failed else (_failed(card.failed), "fail")
    head = (
        f'<header class="card hero t-{tone}">{shell.tag(passed, tone)}<h1>{escape(title)}</h1>'
        f'<p class="soft">Endpoint {escape(card.service)}. Model card and data sheet, by the release\'s '
        "evidence and the stages' ledgers alone.</p></header>"
    )
    return shell.page(title, [head, *_body(card)])


def folded(card: Card) -> str:
    """The card within another page, shut until a reader opens it."""
    return (
        f"<details><summary>Model card and data sheet of {escape(card.release)}</summary>"
        f"{''.join(_body(card))}</details>"
    )


def _failed(names: Sequence[str]) -> str:
    return f"{len(names)} {'gate' if len(names) == 1 else 'gates'} did not pass"


def _body(card: Card) -> Iterable[str]:
    yield from map(_section, card.model)
    yield "<h2>Data sheet</h2>"
    yield from (_section(section, "h3") for section in card.data)


def _section(section: Section, level: str = "h2") -> str:
    points = "".join(f"<li>{escape(point)}</li>" for point in section.points)
    return "".join(
        (
            f"<{level}>{escape(section.title)}</{level}>",
            *(f"<p>{escape(line)}</p>" for line in section.lines),
            f"<ul>{points}</ul>" if points else "",
            calibration(section.plot) if section.plot else "",
            *(_table(table) for table in section.tables),
        )
    )


def _table(table: Table) -> str:
    rows = [
        f"<tr>{''.join(_cell(cell, index, table) for index, cell in enumerate(cells))}</tr>"
        for cells in table.rows
    ]
    return tables.table(table.heads, rows, table.caption, numbers=table.numbers)


def _cell(cell: str, index: int, table: Table) -> str:
    number = ' class="n"' * (index in table.numbers)
    if index == 0:
        return f'<th scope="row"{number}>{escape(cell)}</th>'
    return f"<td{number}>{escape(cell)}</td>"
