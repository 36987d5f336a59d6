"""Filters, and the join of records with their answers."""

import csv
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.serving.transforms.faults import FileFailed
from sandbox.serving.transforms.joining import CSV, JSON, JSON_LINES, Processing, assembled
from sandbox.serving.transforms.paths import parse

CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\n\r\x00"))
ROWS = st.lists(st.lists(CELLS, min_size=2, max_size=4), min_size=1)


def lines(*found: str) -> list[bytes]:
    return [f"{one}\n".encode() for one in found]


def row(cells: list[str]) -> bytes:
    return Processing(CSV, True, out=parse("$"))._written(cells)


def test_without_processing_bytes_pass_through() -> None:
    plain = Processing(CSV, by_line=True)
    assert plain.request([b'no csv "at all\n', b"2\n"]) == b'no csv "at all\n2'
    assert plain.result([b"1\n"], b"\x00\xff") == b"\x00\xff"


def test_csv_is_joined_by_appending_columns() -> None:
    both = Processing(CSV, True, into=parse("$[1:]"), join=True)
    batch = lines('7,"a,b",2', "8,c,3")
    assert both.request(batch) == b'"a,b",2\nc,3'
    assert both.result(batch, b"0.5\n0.25\n") == b'7,"a,b",2,0.5\n8,c,3,0.25'
    kept = Processing(CSV, True, join=True, out=parse("$[0,-1]"))
    assert kept.result(batch, b"0.5\n0.25") == b"7,0.5\n8,0.25"


def test_an_object_gets_its_answer_under_a_name_of_its_own() -> None:
    both = Processing(JSON_LINES, True, into=parse("$.features"), join=True)
    batch = lines('{"id": 1, "features": [1, 2]}', '{"id": 2, "features": [3]}')
    assert both.request(batch) == b"[1,2]\n[3]"
    assert both.result(batch, b'{"p":1}\n{"p":0}\n').splitlines() == [
        b'{"id":1,"features":[1,2],"SageMakerOutput":{"p":1}}',
        b'{"id":2,"features":[3],"SageMakerOutput":{"p":0}}',
    ]
    named = Processing(JSON_LINES, True, join=True, out=parse("$['id','SageMakerOutput']"))
    assert (
        named.result(batch, b"0.5\n0.25\n")
        == b'{"id":1,"SageMakerOutput":0.5}\n{"id":2,"SageMakerOutput":0.25}'
    )


def test_what_is_no_object_becomes_one() -> None:
    both = Processing(JSON_LINES, True, join=True)
    assert both.result(lines("[1,2]"), b"0.5") == b'{"SageMakerInput":[1,2],"SageMakerOutput":0.5}'


def test_a_json_file_that_is_not_cut_is_one_record() -> None:
    both = Processing(JSON, by_line=False, join=True)
    answer = both.result([b'{\n "instances": [[1], [2]]\n}\n'], b'{"predictions":\n[1, 2]}')
    assert json.loads(answer) == {"instances": [[1], [2]], "SageMakerOutput": {"predictions": [1, 2]}}


def test_json_lines_that_are_not_cut_are_joined_line_by_line() -> None:
    both = Processing(JSON_LINES, by_line=False, join=True)
    assert both.result([b'{"a":1}\n{"a":2}\n'], b"5\n6\n").splitlines() == [
        b'{"a":1,"SageMakerOutput":5}',
        b'{"a":2,"SageMakerOutput":6}',
    ]


@pytest.mark.parametrize("answer", [b"0.5\n", b"0.5\n0.25\n0.75\n", b""])
def test_another_number_of_lines_is_never_joined(answer: bytes) -> None:
    with pytest.raises(FileFailed, match="mismatched line count"):
        Processing(CSV, True, join=True).result(lines("1", "2"), answer)


def test_what_is_not_of_its_format_fails_in_the_words_of_its_side() -> None:
    both = Processing(JSON_LINES, True, join=True)
    with pytest.raises(FileFailed, match="Failed to parse input as JSON Lines"):
        both.result(lines("{"), b"1")
    with pytest.raises(FileFailed, match="Failed to parse output from the algorithm as JSON Lines"):
        both.result(lines("{}"), b"<html>")
    with pytest.raises(FileFailed, match="index 5 is not within 2 elements"):
        Processing(CSV, True, join=True, out=parse("$[5]")).result(lines("1"), b"2")


@given(ROWS, st.data())
def test_a_joined_row_is_its_input_followed_by_its_answer(rows: list[list[str]], data: st.DataObject) -> None:
    answers = data.draw(st.lists(st.floats(), min_size=len(rows), max_size=len(rows)))
    joined = Processing(CSV, True, join=True).result(
        [row(cells) + b"\n" for cells in rows], "\n".join(map(str, answers)).encode()
    )
    read = list(csv.reader(joined.decode().split("\n"), strict=True))
    assert read == [[*cells, str(answer)] for cells, answer in zip(rows, answers, strict=True)]


@given(ROWS, st.integers(1, 3))
def test_a_filter_of_columns_sends_just_those(rows: list[list[str]], cut: int) -> None:
    sent = Processing(CSV, True, into=parse("$[1:]")).request([row(cells) + b"\n" for cells in rows])
    assert list(csv.reader(sent.decode().split("\n"), strict=True)) == [cells[1:] for cells in rows]


@given(st.lists(st.sampled_from([b"", b"a", b"a\n", b"b\nc"])))
def test_assembled_by_line_every_part_ends_its_line(parts: list[bytes]) -> None:
    assert assembled(parts, by_line=False) == b"".join(parts)
    whole = assembled(parts, by_line=True)
    assert whole.replace(b"\n", b"") == b"".join(parts).replace(b"\n", b"")
    assert len(whole.splitlines()) == sum(max(1, len(part.splitlines())) for part in parts)
