"""Fetches a release's model, compares its SHA-256, and unpacks it where the server looks for it.

    python3 fetch_model.py s3://BUCKET/KEY SHA256 FOLDER

An init container runs this file by the image's own Python, with the image's obstore; it imports nothing else
that is not Python's own. Whose credentials are used and where S3 is, the standard variables say. Nothing is
unpacked that was not compared before; links, devices and paths that lead out of FOLDER are refused even then.
What an earlier, killed run left in FOLDER is deleted first. Exit codes: 0 unpacked, 1 not, 2 usage.
"""

import hashlib
import os
import shutil
import sys
import tarfile
from datetime import timedelta
from pathlib import Path, PurePosixPath

ARCHIVE = ".model.tar.gz"
_PATIENCE = timedelta(minutes=15)
_BLOCK = 8 * 1024 * 1024
_USAGE = "usage: python3 fetch_model.py s3://BUCKET/KEY SHA256 FOLDER"


class Refused(Exception):
    """The model cannot be served: what is wrong, and what to do about it."""


def main(arguments: list[str]) -> int:
    """Fetch, compare, unpack; the exit code."""
    if len(arguments) != 3 or not arguments[0].startswith("s3://"):
        print(_USAGE, file=sys.stderr)
        return 2
    url, sha256, folder = arguments[0], arguments[1], Path(arguments[2])
    try:
        clear(folder)
        archive = folder / ARCHIVE
        compare(fetch(url, archive), sha256, url)
        files = unpack(archive, folder)
        archive.unlink()
    except Refused as error:
        clear(folder)
        cause, step = error.args
        print(f"error: {cause}\n  The server does not start.\n  {step}", file=sys.stderr)
        return 1
    print(f"{url} has SHA-256 {sha256}: {files} files in {folder}")
    return 0


def clear(folder: Path) -> None:
    """Delete what is in the folder. The folder itself is a mount."""
    for path in folder.iterdir():
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()


def fetch(url: str, archive: Path) -> str:
    """Write an object to a file; returns the SHA-256 of what was written."""
    from obstore.exceptions import BaseError
    from obstore.store import S3Store

    bucket, _, key = url.removeprefix("s3://").partition("/")
    plain = os.environ.get("AWS_ENDPOINT_URL", "").startswith("http://")
    digest = hashlib.sha256()
    try:
        store = S3Store(bucket, client_options={"allow_http": plain, "timeout": _PATIENCE})
        with archive.open("xb") as out:
            for chunk in store.get(key).stream(min_chunk_size=_BLOCK):
                digest.update(chunk)
                out.write(chunk)
    except (BaseError, OSError) as error:
        said = " ".join(str(error).split())[:600]
        step = "Look whether the pod's service account may read it, and whether the network policy lets it."
        raise Refused(f"{url} could not be fetched: {said}", step) from error
    return digest.hexdigest()


def compare(found: str, sha256: str, url: str) -> None:
    """Raise Refused where the bytes are others than those that were released."""
    if found != sha256:
        step = "Export the stage anew; if it stays so, the object was changed: release the model again."
        raise Refused(f"{url} has SHA-256 {found}, not {sha256}: it is not what was proven.", step)


def unpack(archive: Path, folder: Path) -> int:
    """Write the archive's files below the folder; returns how many."""
    files = 0
    try:
        with tarfile.open(archive, "r:gz") as tar:
            for member in tar:
                target = folder / _inside(member)
                if member.isdir():
                    target.mkdir(mode=0o755, parents=True, exist_ok=True)
                    continue
                target.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
                source = tar.extractfile(member)
                assert source is not None
                with source, target.open("xb") as out:
                    shutil.copyfileobj(source, out, _BLOCK)
                target.chmod(0o444)
                files += 1
    except (tarfile.TarError, EOFError, OSError) as error:
        raise Refused(f"The model cannot be unpacked: {error}", "Release the model again.") from error
    return files


def _inside(member: tarfile.TarInfo) -> PurePosixPath:
    """Where a member belongs in the folder."""
    path = PurePosixPath(member.name)
    if path.is_absolute() or ".." in path.parts or not (member.isreg() or member.isdir()):
        what = "a link or a device" if not (member.isreg() or member.isdir()) else "a path that leads out"
        raise Refused(f"The model holds {what}, {member.name!r}: not unpacked.", "Release another model.")
    return path


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
