"""The sections of the model card: what it is for, how good it is, who let it in, where it comes from."""

from collections.abc import Mapping, Sequence
from typing import Any

from release.domain.card import MEASURES, CardEvidence, Fairness
from release.domain.manifest import Manifest
from release.report.card.document import Heard, Plot, Section, Table
from release.report.card.figures import measured, number, whole
from release.report.words import NONE

TOO_SMALL = "too few rows"
NOT_DECLARED = "Not declared by the service."
INTERVAL = "With intervals of 95 %, on the test rows, which no compared model has learned from."

TOLD = "As its evidence says"
"""Over what somebody else measured of a container that this repository did not build."""


def sections(manifest: Manifest, found: CardEvidence, heard: Heard) -> list[Section]:
    """All of them, in the order in which a person reads."""
    return [
        _use(found),
        _measures(manifest, found),
        *([_calibration(found)] if found.calibration else []),
        *(_fairness(table) for table in found.fairness),
        _gates(manifest, heard),
        _limits(found),
        _people(manifest, heard),
        _lineage(manifest, found),
    ]


def _use(found: CardEvidence) -> Section:
    said = found.statement
    lines = [said.intended_use or NOT_DECLARED, f"Owner: {said.owner or NOT_DECLARED.lower()}"]
    if said.out_of_scope:
        lines.append("Not for:")
    return Section("Intended use", lines, said.out_of_scope)


def _measures(manifest: Manifest, found: CardEvidence) -> Section:
    if manifest.foreign is not None:
        return Section("Measures", tables=[_as_told(manifest.evaluation)])
    main = found.main
    lines = [INTERVAL]
    if main.name:
        lines = [
            f"{main.word} {measured(main.measured)} on {whole(main.measured.rows)} test rows. {INTERVAL}"
        ]
    tables = [_overall(manifest.evaluation, found)]
    if found.slices:
        rows = [
            (
                one.column,
                one.value,
                whole(one.rows),
                measured(one.measured, TOO_SMALL),
                number(one.floor),
            )
            for one in found.slices
        ]
        heads = ("slice", "value", "test rows", main.word, "the weakest must reach")
        tables.append(Table("By slice", heads, rows, frozenset({2, 3, 4})))
    return Section("Measures", lines, tables=tables)


def _as_told(evaluation: Mapping[str, Any]) -> Table:
    """The whole evaluation of a foreign container: what its measures are of, their names alone tell."""
    rows = [(name, _value(value)) for name, value in evaluation.items()]
    return Table(TOLD, ("measure", "value"), rows, frozenset({1}))


def _overall(evaluation: Mapping[str, Any], found: CardEvidence) -> Table:
    """Each measure on test and validation rows; those of slices have a table of their own."""
    sliced = tuple(f"{found.main.name}_{column}_" for column in {one.column for one in found.slices})
    named: dict[str, dict[str, str]] = {}
    for name, value in evaluation.items():
        rows, _, measure = name.partition("_")
        # Whole numbers besides the rows are facts of the split, such as the month that tested.
        known = rows in ("test", "validation") and (isinstance(value, float) or measure == "rows")
        if known and not (sliced and measure.startswith(sliced)):
            named.setdefault(measure, {})[rows] = _value(value)
    told = [
        (name.replace("_", " "), values.get("test", NONE), values.get("validation", NONE))
        for name, values in named.items()
    ]
    return Table("Of all rows", ("measure", "test rows", "validation rows"), told, frozenset({1, 2}))


def _value(value: float) -> str:
    return whole(value) if isinstance(value, int) else number(value)


def _calibration(found: CardEvidence) -> Section:
    several = found.kind == "multiclass"
    share = several or found.kind == "binary"
    of = "of each class of the test rows, beside whether a row is of it" if several else "of the test rows"
    rows = [(number(one.score, 3), measured(one.label), whole(one.label.rows)) for one in found.calibration]
    heads = ("mean score", "mean label", "rows")
    return Section(
        "Calibration",
        [f"Does a score mean what it says? Mean score beside mean label, tenth by tenth {of}."],
        plot=Plot(found.calibration, share),
        tables=[Table("The tenths, lowest scores first", heads, rows, frozenset({0, 1, 2}))],
    )


def _fairness(table: Fairness) -> Section:
    """Every group beside the others, and how far apart they may lie."""
    measures = [name for name in MEASURES if name in table.bounds]
    lines = [
        f"By {table.what or table.column} (column {table.column}), with intervals of 95 %. "
        f"A measure of fewer than {whole(table.least_rows)} rows is not judged."
    ]
    if table.threshold is not None:
        lines.append(f"A row is selected from a score of {number(table.threshold)} on.")
    if table.selected is not None:
        lines.append(f"Of the class {table.selected}, which is selected where it is the most probable one.")
    rows = [
        (
            group.name,
            whole(group.rows),
            measured(group.label),
            *(measured(group.measures.get(name), TOO_SMALL) for name in measures),
        )
        for group in table.groups
    ]
    bounds = ["no bound" if table.bounds[name] is None else number(table.bounds[name]) for name in measures]
    rows.append(("at most apart", NONE, NONE, *bounds))
    heads = ("group", "rows", "mean label", *(name.replace("_", " ") for name in measures))
    right = frozenset(range(1, len(heads)))
    of = f", {table.selected}" if table.selected else ""
    return Section(f"Fairness: {table.column}{of}", lines, tables=[Table("Groups", heads, rows, right)])


def _gates(manifest: Manifest, heard: Heard) -> Section:
    waived = [word for word in heard.words if word.event == "waived"]
    rows = []
    for gate in manifest.gates:
        until = [f"in {word.stage} until {word.until}" for word in waived if word.gate == gate.name]
        answer = "passed" if gate.passed else "did not pass"
        if until and not gate.passed:
            answer += f"; waived {', '.join(until)}"
        rows.append((gate.name, answer, number(gate.value), number(gate.bound), gate.reason))
    heads = ("gate", "", "measured", "bound", "in words")
    title = "Measured in training, before any traffic" if manifest.foreign is None else TOLD
    table = Table(title, heads, rows, frozenset({2, 3}))
    return Section("Gates", tables=[table])


def _limits(found: CardEvidence) -> Section:
    """What the service declares, and what was too small to be measured."""
    slices = [f"{one.column} {one.value} ({one.rows:,})" for one in found.slices if one.measured is None]
    groups = [
        f"{table.column} {group.name} ({group.rows:,})"
        for table in found.fairness
        for group in table.groups
        if None in group.measures.values()
    ]
    points = list(found.statement.limits)
    if slices:
        points.append(f"Not measured on their own, with too few test rows: {', '.join(slices)}.")
    if groups:
        points.append(f"Not judged in every measure, with too few test rows: {', '.join(groups)}.")
    return Section("Limits", [] if found.statement.limits else [NOT_DECLARED], points)


def _people(manifest: Manifest, heard: Heard) -> Section:
    lines = []
    if not heard.stages:
        lines.append(f"No ledger was read. What people said since: ./slipway card {manifest.id}")
    elif not heard.words:
        lines.append(f"Nobody approved it or waived a gate of it in {', '.join(heard.stages)}.")
    if heard.unread:
        lines.append(f"What was said in {', '.join(heard.unread)} could not be read.")
    rows = [
        (
            word.at,
            word.stage,
            f"{word.event} {word.gate}".strip() + (f" until {word.until}" if word.until else ""),
            word.by,
            word.reason,
        )
        for word in heard.words
    ]
    heads = ("when (UTC)", "stage", "what", "who", "why")
    tables = [Table("By the stages' ledgers", heads, rows)] if rows else []
    return Section("Approvals and waivers", lines, tables=tables)


def _made(manifest: Manifest) -> str:
    return f"Python {manifest.image.python}" if manifest.foreign is None else "of somebody else"


def _lineage(manifest: Manifest, found: CardEvidence) -> Section:
    source = {
        name.replace("_", " "): str(value) for name, value in manifest.source.items() if value is not None
    }
    facts = {
        "release": manifest.id,
        "service": manifest.trained_as,
        "pipeline": found.model,
        "kind": manifest.foreign.kind if manifest.foreign else "",
        "model": f"sha256:{manifest.model.sha256}, {manifest.model.size:,} bytes",
        "image": f"{manifest.image.digest}, {_made(manifest)}",
        "golden requests": f"sha256:{manifest.golden_sha256}",
    }
    # What a source says, whoever wrote it, takes the place of no fact.
    told = [*facts.items(), *source.items()]
    rows: Sequence[tuple[str, str]] = [(name, value) for name, value in told if value]
    return Section("Lineage", tables=[Table("Everything by its content", ("", ""), rows)])
