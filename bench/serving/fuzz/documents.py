"""Drafts of texts: all forms of JSON requests, JSON lines, CSV. Pure."""

import csv
import io
from random import Random
from typing import Any

from bench.serving.fuzz.draft import CANARY, INVOCATIONS, Draft, rows_of
from bench.serving.fuzz.json_text import dumps, strange
from model.serving.models.schema import Schema

_AS_JSON = {"Content-Type": "application/json"}
_LINES = ("application/jsonlines", "application/x-ndjson", "application/jsonl")
_WORDS = """
nan inf -inf 1_000 1e400 0x10 \u0661 1,5 +1 1e39 - NULL None '' " "" a"b "a =1+1 ; é
"""
_CELLS = (*_WORDS.split(), " 1", "1 ", "a\nb", "a\r", "\t", "\x00", "\udcff", "x" * 140_000, CANARY)


def json_draft(chance: Random, schema: Schema) -> Draft:
    """A JSON request in one of its forms, right or not."""
    rows = rows_of(chance, schema)
    form = chance.choice(("instances", "instances", "single", "columns", "inputs", "split", "records"))
    document = _form(form, rows, schema, chance)
    right = chance.random() < 0.2 and (form not in ("single", "columns") or bool(rows))
    if not right:
        for _ in range(chance.choice((1, 1, 2, 3))):
            document = strange(chance, document)
    count = 1 if form == "single" else len(rows)
    return Draft(INVOCATIONS, dumps(document), _AS_JSON, count if right else None)


def _form(form: str, rows: list[dict[str, Any]], schema: Schema, chance: Random) -> Any:
    match form:
        case "instances":
            return {"instances": rows}
        case "records":
            return {"dataframe_records": rows}
        case "single":
            return rows[0] if rows else {}
        case "columns":
            return {"instances": {name: [row[name] for row in rows] for name in schema.names}}
        case "inputs":
            return {"inputs": rows}
        case _:
            names = list(schema.names)
            chance.shuffle(names)
            split = {"columns": names, "data": [[row[name] for name in names] for row in rows]}
            return {"dataframe_split": split | ({"index": list(range(len(rows)))} if len(rows) % 2 else {})}


def lines_draft(chance: Random, schema: Schema) -> Draft:
    """JSON lines, right or not."""
    rows: list[Any] = list(rows_of(chance, schema))
    right = chance.random() < 0.2 and bool(rows)
    if not right:
        rows = strange(chance, rows)
        rows = rows if isinstance(rows, list) else [rows]
    ending = "\n" if right else chance.choice(("\n", "\n", "\n", "\r\n", "\n\n", " ", "\r", ",", ""))
    content = ending.encode().join(map(dumps, rows)) + ending.encode()
    headers = {"Content-Type": chance.choice(_LINES)}
    return Draft(INVOCATIONS, content, headers, len(rows) if right else None)


def csv_draft(chance: Random, schema: Schema) -> Draft:
    """CSV with a header line, right or not."""
    rows = rows_of(chance, schema)
    names = list(schema.names)
    chance.shuffle(names)
    grid = [names] + [["" if row[name] is None else str(row[name]) for name in names] for row in rows]
    # an empty text is legal in JSON and a missing value here
    required = [feature.name for feature in schema.features if not feature.nullable]
    right = chance.random() < 0.2 and all(row[name] not in ("", None) for row in rows for name in required)
    if not right:
        for _ in range(chance.choice((1, 1, 2))):
            _spoil(chance, grid)
    text = io.StringIO()
    _writer(chance, text, right).writerows(grid)
    content = text.getvalue().encode("utf-8", "surrogateescape")
    if chance.random() < 0.1:
        content = b"\xef\xbb\xbf" + content
    return Draft(INVOCATIONS, content, {"Content-Type": "text/csv"}, len(rows) if right else None)


def _writer(chance: Random, text: io.StringIO, right: bool) -> Any:
    """What writes cells as spreadsheets do, or otherwise."""
    drawn = 1.0 if right else chance.random()
    if drawn < 0.2:
        ending = chance.choice(("\r\n", "\r", "\n\n"))
        return csv.writer(text, delimiter=chance.choice(";\t|"), lineterminator=ending)
    if drawn < 0.35:
        return csv.writer(text, quoting=csv.QUOTE_NONE, escapechar="\\", lineterminator="\n")
    return csv.writer(text, lineterminator="\n")


def _spoil(chance: Random, grid: list[list[str]]) -> None:
    """Changes one thing in place."""
    row = chance.choice(grid) if chance.random() < 0.6 else grid[0]
    at = chance.randrange(len(row)) if row else 0
    match chance.randrange(7):
        case 0 if row:
            del row[at]
        case 1 if row:
            row.append(row[at])
        case 2 if row:
            row[at] = ""
        case 3:
            grid.insert(chance.randrange(len(grid)), list(row))
        case 4:
            del grid[0]
            grid.append([])
        case 5:
            row += ["1"] * chance.choice((1, 100, 5000))
        case _ if row:
            row[at] = chance.choice(_CELLS)
        case _:
            row.append(chance.choice(_CELLS))
