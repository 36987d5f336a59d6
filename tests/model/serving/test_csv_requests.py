"""CSV bodies: what is answered, and how exactly a wrong one is refused."""

import pytest

from model.serving.formats.csv_rows import BLOCK_ROWS
from model.serving.predictor import Model
from tests.model.serving.asking import ask_csv, error
from tests.model.serving.examples import OTHER, ROW, UNSEEN, expected

HEADER = "colour,shape,size,weight\n"


def _lines(model: Model, text: str | bytes, **headers: str) -> list[float]:
    answer = ask_csv(model, text.encode() if isinstance(text, str) else text, **headers)
    assert (answer.status, answer.media) == (200, "text/csv"), answer
    assert not answer.body or answer.body.endswith(b"\n")
    return [float(line) for line in answer.body.decode().splitlines()]


def test_scores_are_the_models_arithmetic(toys: Model) -> None:
    text = HEADER + "red,round,3,1.5\ngrößer,,-2.25,\nmauve: pale,flat,1e6,0\n"
    assert _lines(toys, text) == pytest.approx([expected(row) for row in (ROW, OTHER, UNSEEN)], abs=1e-6)


@pytest.mark.parametrize(
    "text",
    [
        "size,colour,weight,shape\n3,red,1.5,round",
        "\ufeffcolour,shape,size,weight\r\nred,round,3,1.5\r\n",
        '"colour", shape ,size,weight\n"red","round","3"," 1.5"\n\n\n',
    ],
    ids=["any order, no last newline", "byte order mark and CRLF", "quotes and blank lines"],
)
def test_ways_to_write_it(toys: Model, text: str) -> None:
    assert _lines(toys, text) == pytest.approx([expected(ROW)], abs=1e-6)


def test_a_quoted_cell_may_hold_what_separates(toys: Model) -> None:
    row = {"colour": 'a,b\n"c"', "size": 1}
    assert _lines(toys, 'colour,size\n"a,b\n""c""",1\n') == pytest.approx([expected(row)], abs=1e-6)


def test_only_a_header(toys: Model) -> None:
    assert _lines(toys, HEADER) == []


def test_a_nullable_column_may_be_left_out(toys: Model) -> None:
    assert _lines(toys, "colour,size\nred,2\n") == pytest.approx(
        [expected({"colour": "red", "size": 2})], abs=1e-6
    )


WRONG_CELLS = [
    ("red,round,x,1", "size", 'the text "x"', "a finite number (float32)"),
    ("red,round,,1", "size", "an empty cell", "a finite number (float32)"),
    ("red,round,nan,1", "size", 'the text "nan"', "a finite number (float32)"),
    ("red,round,1,inf", "weight", 'the text "inf"', "a finite number (float32) or an empty cell"),
    ("red,round,1,1e39", "weight", 'the text "1e39"', "a finite number (float32) or an empty cell"),
    ("red,round,1_0,1", "size", 'the text "1_0"', "a finite number (float32)"),
    ("red,round,٣,1", "size", 'the text "٣"', "a finite number (float32)"),
    (",round,1,1", "colour", "an empty cell", "a text"),
]


@pytest.mark.parametrize(
    ("line", "field", "told", "wanted"), WRONG_CELLS, ids=[case[0] for case in WRONG_CELLS]
)
def test_a_wrong_cell_is_named(toys: Model, line: str, field: str, told: str, wanted: str) -> None:
    fault = error(ask_csv(toys, f"{HEADER}red,round,3,1.5\n{line}\n".encode()))
    assert (fault["status"], fault["code"], fault["row"]) == (400, "invalid_field", 1)
    assert (fault["field"], fault["given"], fault["expected"]) == (field, told, wanted)


@pytest.mark.parametrize("row", [0, BLOCK_ROWS - 1, BLOCK_ROWS, 2 * BLOCK_ROWS + 7])
def test_rows_of_a_long_body_are_counted_from_its_beginning(toys: Model, row: int) -> None:
    """Its blocks are decoded one by one."""
    right = [f"red,round,{number},1.5" for number in range(2 * BLOCK_ROWS + 9)]
    scores = [expected(ROW | {"size": number}) for number in range(len(right))]
    assert _lines(toys, HEADER + "\n".join(right)) == pytest.approx(scores, abs=1e-6)
    for wrong, field in (("red,round,x,1", "size"), (",round,1,1", "colour"), ("red", None)):
        lines = [*right[:row], wrong, *right[row + 1 :]]
        body = (HEADER + "\n".join(lines)).encode()
        fault = error(ask_csv(toys, body))
        assert (fault["row"], fault.get("field")) == (row, field)
        alone = ask_csv(toys, body, x_amzn_sagemaker_custom_attributes="invalid-rows=null")
        assert (alone.refused_rows, len(alone.scores)) == (1, len(right) - 1)
        assert [number for number, line in enumerate(alone.body.splitlines()) if not line] == [row]


@pytest.mark.parametrize(
    ("body", "part"),
    [
        (b"", "empty"),
        (b"\n\n\n", "empty"),
        (b"red,round,3\n", "first line"),
        (b"colour,size,wieght\nred,1,1\n", '"weight"'),
        (b"colour,size,size\nred,1,1\n", "two columns"),
        (b"colour,weight\nred,1\n", "no such column"),
        (b"colour,size\nred,1\nred\n", "1 cells"),
        (b"colour,size\nred,1,2\n", "3 cells"),
        (b'colour,size\n"red,1\n', "not CSV"),
        (b'colour,size\n"red"x,1\n', "not CSV"),
        (b"colour,size\nr\xe9d,1\n", "UTF-8"),
        (b"colour,size\n" + b"x" * 200_000 + b",1\n", "not CSV"),
        (b"colour,size\n" + b"r,1\n" * 1_000_001, "1000000"),
    ],
    ids=range(13),
)
def test_a_wrong_body_says_where(toys: Model, body: bytes, part: str) -> None:
    fault = error(ask_csv(toys, body))
    assert fault["status"] == 400
    assert part in fault["message"]
