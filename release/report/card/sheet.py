"""The sections of the data sheet: where the data is from, its parts and columns, and the drift reference."""

from release.domain.card import CardEvidence, Column
from release.report.card.document import Section, Table
from release.report.card.figures import number, part, span, whole
from release.report.words import NONE

NOT_DECLARED = "Where it comes from is not declared by the service."


def sections(found: CardEvidence) -> list[Section]:
    """All of them."""
    return [_source(found), _columns(found), _reference(found)]


def _source(found: CardEvidence) -> Section:
    data = found.data
    rows = [(each.name, each.label, whole(each.rows), span(each.first, each.last)) for each in data.parts]
    period = span(data.first, data.last)
    facts = [
        f"Version {data.version}, {data.rows:,} rows.",
        f"SHA-256 of the file of all rows: {data.sha256}.",
        "The service declares no time of a row." if period == NONE else f"Period: {period}.",
    ]
    table = Table("Parts", ("part", "rows of", "rows", "period"), rows, frozenset({2}))
    return Section("Data", [found.statement.data_source or NOT_DECLARED, *facts], tables=[table])


def _columns(found: CardEvidence) -> Section:
    rows = [
        (
            each.name,
            f"{each.type}, may be missing" if each.nullable else each.type,
            part(each.missing),
            _range(each),
            each.description,
        )
        for each in found.data.columns
    ]
    heads = ("column", "type", "missing", "range", "what it is")
    table = Table("As they were in the rows that the model learned from", heads, rows, frozenset({2}))
    return Section("Columns", tables=[table])


def _range(column: Column) -> str:
    if column.sensitive:
        return "sensitive: not told"
    if column.values is not None:
        most = ", ".join(f"{name} {part(share)}" for name, share in column.most)
        return f"{column.values:,} values" + (f", most often {most}" if most else "")
    return span(column.low, column.high)


def _reference(found: CardEvidence) -> Section:
    """The sample that drift is measured by."""
    sample, score = found.reference, found.reference.score
    spread = f"5 % {number(score.low)}, 50 % {number(score.middle)}, 95 % {number(score.high)}"
    return Section(
        "Drift reference",
        [
            f"{sample.rows:,} training rows with label and score, {sample.file} in the model's artifact, "
            f"SHA-256 {sample.sha256}.",
            f"Their scores: mean {number(score.mean)}; {spread}.",
        ],
    )
