"""Archives of models, right and wrong."""

import io
import tarfile


def member(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    """A member of an archive."""
    made = tarfile.TarInfo(name)
    made.type, made.linkname = kind, link
    return made


def archive(*members: tarfile.TarInfo, content: bytes = b"a graph") -> bytes:
    """A `model.tar.gz`; every file of it has the same content."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for each in members:
            each.size = len(content) if each.isreg() else 0
            tar.addfile(each, io.BytesIO(content) if each.isreg() else None)
    return out.getvalue()
