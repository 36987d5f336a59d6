"""Bytes changed blindly: flipped, cut, doubled, overwritten with sizes that hurt. Pure."""

from random import Random

_SIZES = (
    0,
    1,
    0x7F,
    0x80,
    0xFF,
    0x7FFF,
    0xFFFF,
    0x7FFFFFFF,
    0x80000000,
    0xFFFFFFFF,
    0x7FFFFFFFFFFFFFFF,
    2**64 - 1,
)
_PIECES = (
    b"\x00",
    b"\xff",
    b"\n",
    b"\r\n",
    b'"',
    b",",
    b"{",
    b"[",
    b"]",
    b"}",
    b"\xef\xbb\xbf",
    b"\xf0\x9f",
    b"PAR1",
)
_LONGEST = 400_000


def mangled(chance: Random, data: bytes) -> bytes:
    """`data` with one to four changes."""
    for _ in range(chance.choice((1, 1, 1, 2, 4))):
        data = _once(chance, data)
    return data[:_LONGEST]


def _once(chance: Random, data: bytes) -> bytes:
    if not data:
        return chance.choice(_PIECES)
    at = chance.randrange(len(data))
    # the ends hold footers, headers and magic numbers
    if chance.random() < 0.3:
        at = min(chance.randrange(64), len(data) - 1)
        at = at if chance.random() < 0.5 else len(data) - 1 - at
    end = min(len(data), at + chance.choice((1, 2, 4, 16, 300)))
    match chance.randrange(8):
        case 0:
            return data[:at] + bytes([data[at] ^ (1 << chance.randrange(8))]) + data[at + 1 :]
        case 1:
            return data[:at] + data[end:]
        case 2:
            return data[:end] + data[at:end] * chance.choice((1, 1, 50)) + data[end:]
        case 3:
            return data[:at] + chance.choice(_PIECES) + data[at:]
        case 4:
            return data[:at]
        case 5:
            width = chance.choice((1, 2, 4, 8))
            size = (chance.choice(_SIZES) % 256**width).to_bytes(width, "little")
            return data[:at] + size + data[at + width :]
        case 6:
            return data[:at] + chance.randbytes(end - at) + data[end:]
        case _:
            other = chance.randrange(len(data))
            return data[:at] + data[other : other + end - at] + data[end:]
