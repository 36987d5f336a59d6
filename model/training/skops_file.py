"""The scikit-learn pipeline as a skops file whose bytes depend on the pipeline alone.

skops names objects by their address in memory and stamps its zip entries with the time, so its own bytes
differ on every run. Here objects are renumbered in order of appearance and the zip is written again
without times; the result is an ordinary skops file. It is for people who want the pipeline back; nothing
that serves reads it.
"""

import io
import json
import zipfile
from collections.abc import Sequence
from typing import Any

import skops.io
from sklearn.pipeline import Pipeline

from model.training import boosters
from model.training.errors import ExportError

TRUSTED = [
    "numpy.dtype",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.tree._tree.Tree",
    *boosters.TRUSTED,
]
"""Types of scikit-learn and of the boosters' libraries beyond skops' own list. Fixed here and by the
service, never taken from a file."""
_SCHEMA = "schema.json"


def dump(pipeline: Pipeline, trusted: Sequence[str] = ()) -> bytes:
    """A skops file of `pipeline`: equal pipelines give equal bytes.

    Raises ExportError for types that `load` would refuse, since nobody could get the pipeline back.
    """
    content = skops.io.dumps(pipeline)
    if unknown := set(skops.io.get_untrusted_types(data=content)) - {*TRUSTED, *trusted}:
        raise ExportError(
            f"The pipeline holds types that skops does not know: {', '.join(sorted(unknown))}.",
            "Nobody could load it again, so nothing was written.",
            "Where you know them as harmless, name them in `trusted` of the service.",
        )
    with zipfile.ZipFile(io.BytesIO(content)) as source:
        schema = json.loads(source.read(_SCHEMA))
        renumbering = _Renumbering()
        renumbering.visit(schema)
        members = {new: source.read(old) for old, new in renumbering.files.items()}
    members[_SCHEMA] = json.dumps(schema, sort_keys=True).encode()
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(members):
            archive.writestr(zipfile.ZipInfo(name), members[name])
    return target.getvalue()


def load(content: bytes, trusted: Sequence[str] = ()) -> Pipeline:
    """The pipeline of a file that `dump` wrote. Raises skops' own error for any type that is not trusted."""
    return skops.io.loads(content, trusted=[*TRUSTED, *trusted])


class _Renumbering:
    """Replaces addresses and file names in a skops schema, in place, in order of first appearance."""

    def __init__(self) -> None:
        self.ids: dict[int, int] = {}
        self.files: dict[str, str] = {}

    def visit(self, node: Any) -> None:
        if isinstance(node, list):
            for child in node:
                self.visit(child)
        elif isinstance(node, dict):
            if isinstance(node.get("__id__"), int):
                node["__id__"] = self.ids.setdefault(node["__id__"], len(self.ids))
            if isinstance(node.get("file"), str):
                suffix = node["file"].rpartition(".")[2]
                node["file"] = self.files.setdefault(node["file"], f"{len(self.files)}.{suffix}")
            for key in sorted(node):
                if key not in {"__id__", "file"}:
                    self.visit(node[key])
