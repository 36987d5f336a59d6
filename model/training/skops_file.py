"""The scikit-learn pipeline as a skops file whose bytes depend on the pipeline alone.

skops names objects by their address in memory and stamps its zip entries with the time, so its own bytes
differ on every run. Here objects are renumbered in order of appearance and the zip is written again
without times, and what lies between the fields of an array's records is set to zero: scikit-learn leaves
there whatever its memory held before. The result is an ordinary skops file. It is for people who want the
pipeline back; nothing that serves reads it.
"""

import io
import json
import zipfile
from collections.abc import Sequence
from typing import Any

import numpy as np
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
        members = {new: _clean(old, source.read(old)) for old, new in renumbering.files.items()}
    members[_SCHEMA] = json.dumps(schema, sort_keys=True).encode()
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(members):
            archive.writestr(zipfile.ZipInfo(name), members[name])
    return target.getvalue()


def load(content: bytes, trusted: Sequence[str] = ()) -> Pipeline:
    """The pipeline of a file that `dump` wrote. Raises skops' own error for any type that is not trusted."""
    return skops.io.loads(content, trusted=[*TRUSTED, *trusted])


def _clean(name: str, content: bytes) -> bytes:
    """The file of an array without what its records hold between their fields; any other file as it is."""
    if not name.endswith(".npy"):
        return content
    array = np.load(io.BytesIO(content), allow_pickle=False)
    if array.dtype.names is None:
        return content
    clean = np.zeros(array.shape, array.dtype)
    for field in array.dtype.names:
        clean[field] = array[field]
    target = io.BytesIO()
    # np.save would copy field by field into a buffer of its own, with what that held before in between.
    np.lib.format.write_array_header_1_0(target, np.lib.format.header_data_from_array_1_0(clean))
    target.write(clean.tobytes())
    return target.getvalue()


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
