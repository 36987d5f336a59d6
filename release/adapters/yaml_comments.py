"""Comments of a YAML mapping, kept in their places while its keys come, change and go.

ruamel.yaml hangs a comment on the last value before it, however deep that lies, so that a comment on the next
key goes with the value that is replaced, or ends up above a key that is added. Here it goes where it stood.
"""

from typing import Any

from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import CommentMark
from ruamel.yaml.tokens import CommentToken

_AFTER_KEY = 2
"""Where ruamel keeps what follows the value of a mapping's key: the rest of its line, then whole lines."""


def change(parent: CommentedMap, key: str, changes: dict[str, CommentedMap | None]) -> None:
    """Set keys of the mapping `parent[key]`, or remove them (None); comments stay between what they were."""
    mapping: CommentedMap = parent[key]
    order = list(mapping)
    following = [_cut(mapping, name) for name in order] or [_cut(parent, key)]
    for name, value in changes.items():
        if value is None:
            mapping.pop(name, None)
        else:
            mapping[name] = value
            if (token := _token(mapping, name)) and not token.value.strip():
                mapping.ca.items[name][_AFTER_KEY] = None
    if mapping:
        mapping.fa.set_block_style()
    else:
        mapping.fa.set_flow_style()
    end = following.pop()
    before: tuple[CommentedMap, str] = (parent, key)
    for name, text in zip(order, following, strict=False):
        if name in mapping:
            before = (mapping, name)
        _append(*before, text)
    _append(*((mapping, next(reversed(mapping))) if mapping else (parent, key)), end)


def move_left(mapping: CommentedMap, key: str, columns: int) -> None:
    """A comment in the line of `mapping[key]` follows its value, which got shorter."""
    token = _token(mapping, key)
    if token is not None and token.value.strip():
        token.start_mark.column = max(token.start_mark.column - columns, 0)


def _leaf(mapping: CommentedMap, key: str) -> tuple[CommentedMap, str]:
    """The mapping and key on which a comment behind `mapping[key]` hangs."""
    value = mapping[key]
    while isinstance(value, CommentedMap) and value and not value.fa.flow_style():
        mapping, key = value, next(reversed(value))
        value = mapping[key]
    return mapping, key


def _token(mapping: CommentedMap, key: str) -> Any:
    return (mapping.ca.items.get(key) or [None] * 4)[_AFTER_KEY]


def _cut(mapping: CommentedMap, key: str) -> str:
    """Take away the lines behind `mapping[key]`; what stands in its own line stays."""
    token = _token(*_leaf(mapping, key))
    if token is None:
        return ""
    own, _, lines = token.value.partition("\n")
    token.value = f"{own}\n"
    return lines


def _append(mapping: CommentedMap, key: str, lines: str) -> None:
    """Put lines behind `mapping[key]`."""
    if not lines:
        return
    mapping, key = _leaf(mapping, key)
    token = _token(mapping, key)
    if token is None:
        token = CommentToken("\n", CommentMark(0), None)
        slots = mapping.ca.items.setdefault(key, [None, None, None, None])
        slots[_AFTER_KEY] = token
    token.value += lines
