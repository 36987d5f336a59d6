"""What senders write for a value that is missing, before a body, and beside its columns."""

import io
import json

import pandas as pd
import pytest

from model.serving.formats.csv_cells import MISSING_WORDS
from model.serving.predictor import Model
from tests.model.serving.asking import ask, ask_csv, error, scores
from tests.model.serving.examples import OTHER, ROW, expected, instances

MARK = b"\xef\xbb\xbf"
HEADER = "colour,shape,size,weight\n"
WITHOUT = ROW | {"shape": None, "weight": None}
KNOWN = pytest.approx([expected(WITHOUT)], abs=1e-6)


def _csv(model: Model, text: str | bytes) -> list[float]:
    answer = ask_csv(model, text.encode() if isinstance(text, str) else text)
    assert answer.status == 200, answer
    return [float(line) for line in answer.body.decode().splitlines()]


def test_the_words_are_pandas_own() -> None:
    for word in MISSING_WORDS:
        assert pd.isna(pd.read_csv(io.StringIO(f"a,b\n{word},1\n"))["a"][0]), word


@pytest.mark.parametrize("word", sorted(MISSING_WORDS))
def test_a_word_for_missing_in_csv(toys: Model, word: str) -> None:
    assert _csv(toys, f"{HEADER}red,{word},3,{word}\n") == KNOWN
    assert _csv(toys, f"red,{word},3,{word}\n") == KNOWN
    # among right cells, wrong cells and empty ones
    rows = f"red,round,3,1.5\nred,{word},3,{word}\nred,,3, {word} \n"
    assert _csv(toys, HEADER + rows) == pytest.approx(
        [expected(ROW), expected(WITHOUT), expected(WITHOUT)], abs=1e-6
    )
    fault = error(ask_csv(toys, f"{HEADER}{rows}red,,3,x\n".encode()))
    assert (fault["row"], fault["field"], fault["given"]) == (3, "weight", 'the text "x"')


@pytest.mark.parametrize("word", sorted(MISSING_WORDS))
def test_a_word_for_missing_where_a_value_has_to_be(toys: Model, word: str) -> None:
    """A number is none; a text is what it says."""
    fault = error(ask_csv(toys, f"{HEADER}red,round,3,1\nred,round,{word},1\n".encode()))
    assert (fault["row"], fault["field"]) == (1, "size")
    assert _csv(toys, f"{HEADER}{word},,3,\n") == pytest.approx(
        [expected(WITHOUT | {"colour": word})], abs=1e-6
    )


@pytest.mark.parametrize(
    "word", ["NAN", "Null", "none", "nil", "inf", "-inf", "Infinity", "-", "?", "\\N", "."]
)
def test_other_words_are_no_number(toys: Model, word: str) -> None:
    fault = error(ask_csv(toys, f"{HEADER}red,round,3,{word}\n".encode()))
    assert (fault["row"], fault["field"]) == (0, "weight")


def test_what_pandas_writes_is_read(toys: Model) -> None:
    frame = pd.DataFrame([ROW, OTHER])
    known = pytest.approx([expected(ROW), expected(OTHER)], abs=1e-6)
    read = pd.read_csv(io.StringIO(frame.to_csv()))
    assert read.columns[0] == "Unnamed: 0"
    twice = pd.read_csv(io.StringIO(read.to_csv()))
    for name, text in {
        "plain": frame.to_csv(index=False),
        "with its index": frame.to_csv(),
        "with a text index": frame.set_index(pd.Index(["a", "b"])).to_csv(),
        "with two indexes": frame.set_index([pd.Index([1, 2]), pd.Index(["x", "y"])]).to_csv(),
        "read and written": read.to_csv(index=False),
        "read and written twice": twice.to_csv(),
        "NaN": frame.to_csv(na_rep="NaN"),
        "null, quoted": frame.to_csv(na_rep="null", quoting=2),
        "without a header": frame.to_csv(index=False, header=False),
        "with a byte order mark": "\ufeff" + frame.to_csv(),
    }.items():
        assert _csv(toys, text) == known, name


@pytest.mark.parametrize(
    "header",
    [
        "id,colour,size",
        "colour,Unnamed: 1,size",
        "colour,size,",
        "Unnamed: x,colour,size",
        "index,colour,size",
    ],
)
def test_other_columns_are_not_ignored(toys: Model, header: str) -> None:
    cells = {"colour": "red", "size": "3"}
    row = ",".join(cells.get(name, "7") for name in header.split(","))
    assert "unknown column" in error(ask_csv(toys, f"{header}\n{row}\n".encode()))["message"]


def test_pandas_index_in_other_formats(toys: Model) -> None:
    frame = pd.DataFrame([ROW, OTHER])
    frame.insert(0, "Unnamed: 0", [0, 1])
    known = pytest.approx([expected(ROW), expected(OTHER)], abs=1e-6)
    for orient, form in (("split", "dataframe_split"), ("records", "dataframe_records")):
        body = f'{{"{form}": {frame.to_json(orient=orient)}}}'.encode()
        assert scores(ask(toys, body)) == known
    buffer = io.BytesIO()
    frame.to_parquet(buffer)
    answer = ask(toys, buffer.getvalue(), content_type="application/x-parquet", accept="application/json")
    assert scores(answer) == known


@pytest.mark.parametrize(
    "document",
    [
        {"instances": [ROW]},
        {"instances": [list(ROW.values())]},
        {"inputs": [ROW]},
        {"dataframe_records": [ROW]},
        {"dataframe_split": {"columns": list(ROW), "data": [list(ROW.values())]}},
        {"dataframe_split": {"columns": list(ROW)[:3], "data": [["red", "round", 3]]}},
        ROW,
    ],
    ids=range(7),
)
def test_a_byte_order_mark_before_json(toys: Model, document: dict) -> None:
    body = json.dumps(document).encode()
    assert scores(ask(toys, MARK + body)) == scores(ask(toys, body))


def test_a_byte_order_mark_before_json_lines(toys: Model) -> None:
    for rows in ([ROW, OTHER], [{"colour": "red", "size": 1}]):
        body = MARK + b"\n".join(json.dumps(row).encode() for row in rows)
        answer = ask(toys, body, content_type="application/jsonlines", accept="application/json")
        assert scores(answer) == pytest.approx([expected(row) for row in rows], abs=1e-6)


@pytest.mark.parametrize(
    "body", [MARK * 2 + instances(ROW), MARK, MARK * 100_000, b" " + MARK + b"{}"], ids=range(4)
)
def test_other_marks_are_no_json(toys: Model, body: bytes) -> None:
    assert error(ask(toys, body))["status"] == 400
    lines = ask(toys, body, content_type="application/jsonlines")
    # nothing but a mark are no lines, like nothing but line ends
    assert lines.status == (200 if body == MARK else 400)


def test_a_word_is_no_number_in_json(toys: Model) -> None:
    """JSON has null for it."""
    assert error(ask(toys, instances(ROW | {"weight": "NaN"})))["field"] == "weight"
