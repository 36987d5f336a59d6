"""Arrow's memory as NumPy arrays: slices begin somewhere in it, and a bit says whether a value is there."""

import arro3.core as arrow
import numpy as np
import pytest

from model.serving.formats.tables.buffers import valid_and_values

VALUES = [None if number % 3 == 0 else number for number in range(40)]


@pytest.mark.parametrize(("start", "length"), [(0, 40), (1, 20), (7, 33), (8, 8), (39, 1), (5, 0)])
def test_a_slice_with_missing_values(start: int, length: int) -> None:
    array = arrow.Array(VALUES, arrow.DataType.int16()).slice(start, length)
    valid, values = valid_and_values(array, np.dtype(np.int16))
    known = VALUES[start : start + length]
    assert len(values) == length
    there = [True] * length if valid is None else valid.tolist()
    assert [
        value if is_there else None for value, is_there in zip(values.tolist(), there, strict=True)
    ] == known


def test_a_slice_without_missing_values() -> None:
    array = arrow.Array(list(range(10)), arrow.DataType.float64()).slice(3, 4)
    valid, values = valid_and_values(array, np.dtype(np.float64))
    assert valid is None
    assert values.tolist() == [3, 4, 5, 6]
