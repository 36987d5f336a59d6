"""`model.tar.gz` in SageMaker's layout: packed reproducibly, and read back without trusting it.

The same files give the same bytes: entries sorted by name, no owner, no time. What the files hold is decided
elsewhere; further models lie in `models/NAME/VERSION/`. Reading never unpacks to disk and never unpickles.

An artifact that somebody packed by hand is read as the server reads it once it is unpacked: `checksums.json`
says what belongs to it, the `./` and the folders of `tar czf model.tar.gz ./` say nothing, and what else lies
there, such as a Mac's `._*`, is passed over.
"""

import gzip
import hashlib
import io
import json
import re
import tarfile
from collections.abc import Mapping
from typing import Any
from zlib import error as zlib_error

GRAPH = "model.onnx"
SCHEMA = "schema.json"
ABOUT = "model.json"
SKOPS = "pipeline.skops"
REFERENCE = "reference.csv"
PROFILE = "reference.json"
CHECKSUMS = "checksums.json"
OTHERS = "models"
PLAIN = r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"
"""A name or a version of a further model: it is a folder's name and a part of a URL."""
_PLACE = re.compile(rf"(?!\.)[^/]+|{OTHERS}/{PLAIN}/{PLAIN}/(?!\.)[^/]+")
_HERE = re.compile(r"(\./)+")
_FOLDER = re.compile(rf"\.?|{OTHERS}(/{PLAIN}){{0,2}}")
_OF_A_MAC = re.compile(rf"({OTHERS}/)?({PLAIN}/){{0,2}}(\._[^/]*|\.DS_Store)")
"""What a Mac's tar and Finder leave beside each file: its attributes, how a folder is shown."""
SIZE_LIMIT = 512 * 1024 * 1024
"""Bytes, unpacked, all files together. The largest pipeline here needs 3 MB."""


def sha256(content: bytes) -> str:
    """The SHA-256 of `content` in hex."""
    return hashlib.sha256(content).hexdigest()


def as_json(value: Any) -> bytes:
    """`value` as readable JSON with sorted keys: the same value, the same bytes. Raises ValueError on NaN."""
    return (json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n").encode()


def proven(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """`files`, and `checksums.json` which names the SHA-256 of each."""
    checksums = {"algorithm": "sha256", "files": {name: sha256(files[name]) for name in sorted(files)}}
    return {**files, CHECKSUMS: as_json(checksums)}


def pack(files: Mapping[str, bytes]) -> bytes:
    """A gzipped tar of `files` and of their checksums."""
    everything = proven(files)
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name in sorted(everything):
            entry = tarfile.TarInfo(name)
            entry.size = len(everything[name])
            entry.mode = 0o644
            tar.addfile(entry, io.BytesIO(everything[name]))
    packed = io.BytesIO()
    # GzipFile and not gzip.compress: the latter's header differs between Python versions.
    with gzip.GzipFile(filename="", mode="wb", fileobj=packed, compresslevel=6, mtime=0) as stream:
        stream.write(archive.getvalue())
    return packed.getvalue()


def read(content: bytes) -> dict[str, bytes]:
    """The files that the artifact with these bytes names, each compared with its checksum.

    Raises ValueError when it is damaged, too large, or holds a link or a file in another place.
    """
    try:
        with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as tar:
            files = _plain_files(tar)
        expected = dict(json.loads(files.pop(CHECKSUMS))["files"])
        actual = {name: sha256(content) for name, content in files.items() if name in expected}
    except (OSError, EOFError, tarfile.TarError, zlib_error, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{type(error).__name__}: {error}") from error
    if expected != actual:
        wrong = sorted(
            name for name in {*expected, *actual} if expected.get(name, "") != actual.get(name, "")
        )
        raise ValueError(f"{', '.join(wrong)} differs from its checksum")
    return {name: files[name] for name in actual}


def _plain_files(tar: tarfile.TarFile) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    left = SIZE_LIMIT
    for entry in tar:
        left -= entry.size
        if left < 0:
            raise ValueError(f"it holds more than {SIZE_LIMIT >> 20} MB")
        name = _HERE.sub("", entry.name)
        if entry.isdir() and _FOLDER.fullmatch(name):
            continue
        content = tar.extractfile(entry) if entry.isreg() else None
        if content is not None and _OF_A_MAC.fullmatch(name):
            continue
        if content is None or not _PLACE.fullmatch(name):
            raise ValueError(f"{entry.name} is not a plain file at the top, or of one of its models")
        files[name] = content.read()
    return files
