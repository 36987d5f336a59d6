"""The JSONPaths of batch transform's filters."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.serving.transforms.paths import BadPath, NotThere, parse

ROW = ["a", "b", "c", "d", "e", "f"]
OBJECT = {"id": 7, "features": {"x": 1, "y": [10, 20]}, "SageMakerOutput": 0.5}
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@pytest.mark.parametrize(
    ("path", "value", "selected"),
    [
        ("$", ROW, ROW),
        ("$[0]", ROW, "a"),
        ("$[-1]", ROW, "f"),
        ("$[1,3,5]", ROW, ["b", "d", "f"]),
        ("$[1:]", ROW, ["b", "c", "d", "e", "f"]),
        ("$[1:4]", ROW, ["b", "c", "d", "e"]),  # both ends, as AWS's page says: the second to the fifth
        ("$[:5]", ROW, ROW),
        ("$[0,4:]", ROW, ["a", "e", "f"]),
        ("$[-2:]", ROW, ["e", "f"]),
        ("$.id", OBJECT, 7),
        ("$.features.y[1]", OBJECT, 20),
        ("$['id','SageMakerOutput']", OBJECT, {"id": 7, "SageMakerOutput": 0.5}),
        ("$.features.['x','y']", OBJECT, {"x": 1, "y": [10, 20]}),
        ("$.features.*", OBJECT, [1, [10, 20]]),
        ("$[*]", ROW, ROW),
    ],
)
def test_what_a_path_selects(path: str, value: Any, selected: Any) -> None:
    assert parse(path).of(value) == selected


@pytest.mark.parametrize(
    "path", ["", "id", "$.", "$..id", "$[?(@.x)]", "$[1:2:3]", "$[]", "$['a]", "$" + ".a" * 32]
)
def test_what_is_no_path_of_the_subset(path: str) -> None:
    with pytest.raises(BadPath):
        parse(path)


@pytest.mark.parametrize("path", ["$[6]", "$[-7]", "$[2:6]", "$[7:]", "$.id", "$['id']"])
def test_what_a_row_of_six_does_not_have(path: str) -> None:
    with pytest.raises(NotThere):
        parse(path).of(ROW)


@given(VALUES)
def test_the_root_leaves_every_value_as_it_is(value: Any) -> None:
    assert parse("$").of(value) == value


@given(st.lists(st.text(), min_size=1), st.data())
def test_two_slices_that_meet_make_the_whole_row(row: list[str], data: st.DataObject) -> None:
    """Both ends of a slice are in it: `[:n]` and `[n+1:]` hold every column once."""
    last = data.draw(st.integers(0, len(row) - 1))
    rest = parse(f"$[{last + 1}:]").of(row) if last + 1 < len(row) else []
    assert parse(f"$[:{last}]").of(row) + rest == row
