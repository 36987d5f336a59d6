"""Drafts in NumPy's format, with headers that nobody would write. Pure."""

import io
from random import Random
from typing import Any

import numpy as np

from bench.serving.fuzz.draft import INVOCATIONS, Draft, rows_of
from bench.serving.fuzz.mangling import mangled
from model.serving.models.schema import Schema

_TYPE_WORDS = """
<f4 <f8 >f4 >f8 <f2 <i1 <u8 <i8 >i2 ? <c8 <U3 <U0 S4 S0 V8 <M8[s] <m8[ns] O <f16 <U100 (2,)<f4 (0,)<f4
"""
_TYPES: tuple[Any, ...] = tuple(_TYPE_WORDS.split())
_DESCRIPTION_WORDS = """
'<f4' '|O' '|O8' '<U9999999999' '<f99' [] [('a','<f4')] None 1 'V0' '|S0' [('a','<f4'),('a','<f4')]
[('','<f4')] ('<f4',(2,)) ('<f4',(999999999,)) {'names':[]} [('a',[('b','<f4')])] __import__('os') 'é'
9**9**9 (('<f4'),) '<f4',1
"""
_DESCRIPTIONS = (*_DESCRIPTION_WORDS.split(), "[" * 300, "'\\x00'")
_SHAPE_WORDS = """
() (0,) (1,) (-1,) (2**70,) (999999999999,) (1,18) (0,0) (1e3,) (True,) None [1] (1,1,1) 1 'x' (10**6,10**6)
(4294967296,4294967296) (1000000,1000000) (99999999999999999999999,)
"""
_SHAPES = tuple(_SHAPE_WORDS.split())


def npy_draft(chance: Random, schema: Schema) -> Draft:
    """An array with a field for each feature, right or not."""
    rows = rows_of(chance, schema)
    right = chance.random() < 0.2
    by_hand = not right and chance.random() < 0.3
    content = _by_hand(chance) if by_hand else _array(chance, schema, rows, right)
    if not right and chance.random() < 0.5:
        content = mangled(chance, content)
    return Draft(INVOCATIONS, content, {"Content-Type": "application/x-npy"}, len(rows) if right else None)


def _array(chance: Random, schema: Schema, rows: list[dict[str, Any]], right: bool) -> bytes:
    fields: list[Any] = []
    for feature in schema.features:
        longest = max((len(str(row[feature.name] or "")) for row in rows), default=0) or 1
        kind = f"<U{longest}" if feature.kind == "category" else chance.choice(("<f4", "<f8", ">f4"))
        if not right and chance.random() < 0.05:
            kind = chance.choice(_TYPES)
        fields.append((feature.name, kind))
    if not right and chance.random() < 0.3:
        fields[chance.randrange(len(fields))] = (chance.choice(("other", "é", "a b")), chance.choice(_TYPES))
    if right or chance.random() < 0.8:
        array = np.zeros(len(rows), fields)
    else:
        array = np.zeros(chance.choice(((2, 2), (), (3,))), chance.choice([*_TYPES, fields]))
    if array.dtype.names == schema.names and array.shape == (len(rows),):
        for index, row in enumerate(rows):
            for feature in schema.features:
                _set(array, index, feature.name, row[feature.name], feature.kind)
    target = io.BytesIO()
    version = chance.choice((None, (2, 0), (3, 0)))
    np.lib.format.write_array(target, array, version=version, allow_pickle=True)
    return target.getvalue()


def _set(array: np.ndarray[Any, Any], index: int, name: str, value: Any, kind: str) -> None:
    missing = "" if kind == "category" else np.nan
    try:
        with np.errstate(all="ignore"):
            array[name][index] = missing if value is None else value
    except (ValueError, TypeError, OverflowError):
        return  # a type that this value does not fit: zero is as good


def _by_hand(chance: Random) -> bytes:
    """A header put together from parts, and some bytes."""
    order = chance.choice(("False", "True", "None", "1"))
    descr, shape = chance.choice(_DESCRIPTIONS), chance.choice(_SHAPES)
    text = f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}"
    if chance.random() < 0.2:
        text = chance.choice(("", "{}", "[]", text[:-3], text + "x" * 70_000, "(" * 5000, "{'descr': '<f4'}"))
    header = text.encode() + b"\n"
    version = chance.choice((1, 1, 2, 3, 0, 4, 255))
    size = len(header) if chance.random() < 0.8 else chance.choice((0, 1, 65535, 60_000))
    width = 2 if version == 1 else 4
    return (
        b"\x93NUMPY"
        + bytes([version, 0])
        + (size % 256**width).to_bytes(width, "little")
        + header
        + bytes(80)
    )
