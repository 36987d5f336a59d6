"""The revision of the serving code: Git's id of the folder as a tree, computed from the files alone.

In a clean checkout it is what `git rev-parse HEAD:model/serving` prints. So it is the same in a shallow clone
and without Git, and commits that do not touch the folder leave it as it is.
"""

import hashlib
from collections.abc import Iterable
from itertools import groupby
from typing import NamedTuple

_FILE = b"100644"
_PROGRAM = b"100755"
_TREE = b"40000"


class SourceFile(NamedTuple):
    """A file of the tree: its path there, its content, and whether it is a program."""

    path: str
    content: bytes
    program: bool = False


class _Node(NamedTuple):
    parts: tuple[str, ...]
    mode: bytes
    digest: bytes


def tree_id(files: Iterable[SourceFile]) -> str:
    """Git's id of a tree of `files`."""
    nodes = [
        _Node(
            tuple(file.path.split("/")),
            _PROGRAM if file.program else _FILE,
            _object("blob", file.content),
        )
        for file in files
    ]
    return _tree(nodes).hex()


def _tree(nodes: Iterable[_Node]) -> bytes:
    entries: list[tuple[bytes, bytes]] = []
    for name, group in groupby(sorted(nodes), key=lambda node: node.parts[0]):
        inside = list(group)
        if len(inside[0].parts) == 1:
            [(_, mode, digest)] = inside
            entries.append((name.encode(), mode + b" " + name.encode() + b"\0" + digest))
        else:
            digest = _tree(node._replace(parts=node.parts[1:]) for node in inside)
            # Git sorts a folder as if its name ended with a slash
            entries.append((f"{name}/".encode(), _TREE + b" " + name.encode() + b"\0" + digest))
    return _object("tree", b"".join(content for _, content in sorted(entries)))


def _object(kind: str, content: bytes) -> bytes:
    header = f"{kind} {len(content)}".encode() + b"\0"
    return hashlib.sha1(header + content, usedforsecurity=False).digest()
