"""A caller's own text as an answer may repeat it: short, printable, valid."""

MAX_SHOWN = 40
"""Characters of a caller's own text that an answer repeats."""


def clean(text: str) -> str:
    """`text` as it can go into any answer: printable, valid, cut to MAX_SHOWN characters."""
    cut = text if len(text) <= MAX_SHOWN else text[: MAX_SHOWN - 1] + "…"
    return cut if cut.isprintable() and encodes(cut) else ascii(cut)[1:-1]


def shown(text: str) -> str:
    """`clean(text)` in quotes."""
    return f'"{clean(text)}"'


def encodes(text: str) -> bool:
    """Whether `text` can be written as UTF-8; half a surrogate pair, which Python allows, cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
