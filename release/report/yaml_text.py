"""Documents as YAML that people read: long expressions as blocks, one clause a line. Pure.

Readers disagree: those of YAML 1.1, as in kubectl, take `on`, `y` and `1:30` for booleans and a number, and
end lines at characters that YAML 1.2 does not. A text that any of them could read otherwise is quoted.
"""

import io
import re
from collections.abc import Mapping, Sequence
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.scalarstring import DoubleQuotedScalarString, LiteralScalarString

_BLOCK_FROM = 80
"""Characters from which a text gets lines of its own."""
_BLOCK = re.compile(r"[!-~][ -~\n]*")
"""What a block keeps as it is, for all readers: it says neither tabs nor what ends a line elsewhere."""
_LINE = re.compile(r"[ -~]*")
_WORD = re.compile(r"y|n|yes|no|on|off|true|false|null|~|=|<<", re.IGNORECASE)
_NUMBER = re.compile(r"[-+.]?[0-9][0-9a-fA-FxXoObB_:.,+TZ -]*|[-+]?\.(inf|nan)", re.IGNORECASE)


def yaml_text(title: str, *documents: Mapping[str, Any]) -> str:
    """The documents, one after the other, below a comment that says where they come from."""
    return f"# {title}\n" + "---\n".join(map(_text, documents))


def _text(document: Mapping[str, Any]) -> str:
    out = io.StringIO()
    yaml = YAML()
    yaml.width = 10_000
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.dump(_readable(document), out)
    return out.getvalue()


def _readable(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {_word(name): _readable(each) for name, each in value.items()}
    if isinstance(value, str):
        block = ("\n" in value or len(value) > _BLOCK_FROM) and _BLOCK.fullmatch(value)
        return LiteralScalarString(value) if block else _word(value)
    if isinstance(value, Sequence):
        return [_readable(each) for each in value]
    return value


def _word(text: str) -> str:
    """A text on one line: as it is, where every reader takes it for a text, else quoted."""
    plain = _LINE.fullmatch(text) and not _WORD.fullmatch(text) and not _NUMBER.fullmatch(text)
    return text if plain else DoubleQuotedScalarString(text)
