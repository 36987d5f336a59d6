"""The memory of an Arrow array as NumPy arrays, by Arrow's C data interface: arro3 gives none with nulls.

https://arrow.apache.org/docs/format/CDataInterface.html
"""

import ctypes
from typing import Any

import arro3.core as arrow
import numpy as np
import numpy.typing as npt


class _Array(ctypes.Structure):
    _fields_ = (
        ("length", ctypes.c_int64),
        ("null_count", ctypes.c_int64),
        ("offset", ctypes.c_int64),
        ("n_buffers", ctypes.c_int64),
        ("n_children", ctypes.c_int64),
        ("buffers", ctypes.POINTER(ctypes.c_void_p)),
        ("children", ctypes.c_void_p),
        ("dictionary", ctypes.c_void_p),
        ("release", ctypes.c_void_p),
        ("private_data", ctypes.c_void_p),
    )


_pointer = ctypes.pythonapi.PyCapsule_GetPointer
_pointer.restype = ctypes.c_void_p
_pointer.argtypes = (ctypes.py_object, ctypes.c_char_p)


def valid_and_values(
    array: arrow.Array, dtype: np.dtype[Any]
) -> tuple[npt.NDArray[np.bool_] | None, npt.NDArray[Any]]:
    """Which values of `array` are there (None: all of them), and the values, each of `dtype`; copies."""
    _, capsule = array.__arrow_c_array__()
    address = _pointer(capsule, b"arrow_array")
    assert address is not None
    held = _Array.from_address(address)
    end = held.offset + held.length
    validity, values = held.buffers[0], held.buffers[1]
    copied = np.frombuffer(_bytes(values, end * dtype.itemsize), dtype)[held.offset :]
    if not validity or not array.null_count:
        return None, copied
    bits = np.frombuffer(_bytes(validity, (end + 7) // 8), np.uint8)
    return np.unpackbits(bits, count=end, bitorder="little")[held.offset :].astype(bool), copied


def _bytes(address: int | None, size: int) -> bytes:
    return ctypes.string_at(address, size) if address and size else b""
