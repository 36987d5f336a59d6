"""Debian's packages: which ones a set of packages needs, their archives, and what is in them.

It asks apt of the machine, so the versions are those of the machine's own package sources; nothing is
installed. What an image keeps of a package is decided elsewhere.
"""

import re
import shutil
import subprocess
import tarfile
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from model.image.errors import BaseImageError, ToolError, last_words

_TOOLS = ("apt-get", "apt-cache", "dpkg-deb")
_RELATIONS = ("Pre-Depends", "Depends")
_RENAMED = re.compile(r"t64$")
"""Debian 13 renamed libraries whose time became 64 bits wide; they are the same libraries."""
Fields = dict[str, str]


@dataclass(frozen=True)
class Package:
    """One package's archive on disk, and the text of its control file."""

    name: str
    version: str
    architecture: str
    control: str
    archive: Path


def require_tools() -> None:
    """Raises ToolError where a program of Debian's is missing."""
    missing = [tool for tool in _TOOLS if shutil.which(tool) is None]
    if missing:
        raise ToolError(
            f"There is no {', '.join(missing)} here: a base can be made of Debian's packages only on Debian "
            "or Ubuntu.",
            "No base was made.",
            "Name a public base by digest instead; docs/image.md lists them.",
        )


def candidates(names: Iterable[str]) -> dict[str, Fields]:
    """The control fields of the newest version that the package sources have, by name.

    Raises BaseImageError where one of `names` is unknown.
    """
    wanted = sorted(names)
    shown = _run("apt-cache", "show", "--no-all-versions", *wanted)
    found = {fields["Package"]: fields for fields in map(parse_control, shown.split("\n\n")) if fields}
    missing = [name for name in wanted if name not in found]
    if missing:
        raise _unknown(", ".join(missing))
    return found


def closure(
    roots: Iterable[str], left_out: frozenset[str], lookup: Callable[[Iterable[str]], dict[str, Fields]]
) -> list[str]:
    """The names of `roots` and of all that they need, sorted, without `left_out` and what only those need.

    Of alternatives it takes the first. `lookup` gives the control fields of names, like `candidates`.
    """
    found: set[str] = set()
    wanted = set(roots)
    while wanted:
        found |= wanted
        fields = lookup(wanted)
        needed = {need for name in wanted for need in needs(fields[name])}
        wanted = {name for name in needed if _RENAMED.sub("", name) not in left_out} - found
    return sorted(found)


def needs(fields: Fields) -> list[str]:
    """The packages that one needs to run, by its control fields."""
    relations = ", ".join(fields[key] for key in _RELATIONS if key in fields)
    first = [re.match(r"[a-z0-9][a-z0-9+.-]*", group.strip()) for group in relations.split(",")]
    return [match[0] for match in first if match]


def parse_control(text: str) -> Fields:
    """The fields of one paragraph; continued lines are joined."""
    fields: Fields = {}
    key = ""
    for line in text.splitlines():
        if line[:1].isspace():
            fields[key] += "\n" + line.strip()
        elif ":" in line:
            key, _, value = line.partition(":")
            fields[key] = value.strip()
    return fields


def download(names: Iterable[str], folder: Path) -> list[Package]:
    """The newest archives of `names` in `folder`, checked by apt against the signed package lists.

    Raises BaseImageError when they cannot be fetched.
    """
    folder.mkdir(parents=True, exist_ok=True)
    # root without a sandbox user: that one could not write to `folder`
    command = ("apt-get", "download", "-qq", "--option", "APT::Sandbox::User=root")
    _run(*command, *sorted(names), folder=folder)
    packages = [_package(archive) for archive in folder.glob("*.deb")]
    return sorted(packages, key=lambda package: package.name)


def _package(archive: Path) -> Package:
    control = _run("dpkg-deb", "--field", str(archive))
    fields = parse_control(control)
    return Package(fields["Package"], fields["Version"], fields["Architecture"], control, archive)


@contextmanager
def _contents(package: Package) -> Generator[IO[bytes]]:
    with subprocess.Popen(
        ["dpkg-deb", "--fsys-tarfile", package.archive], stdout=subprocess.PIPE
    ) as unpacking:
        assert unpacking.stdout is not None
        yield unpacking.stdout
    if unpacking.returncode != 0:
        raise BaseImageError(
            f"{package.archive.name} cannot be unpacked.",
            "No base was made.",
            "Run again: it is fetched anew.",
        )


def unpack(package: Package, root: Path, place: Callable[[str], str | None]) -> None:
    """Unpacks the files and links of `package` below `root`, each where `place` says, None for not at all.

    Paths are relative, without a leading "./". Raises BaseImageError, OSError.
    """
    with _contents(package) as stream, tarfile.open(fileobj=stream, mode="r|") as tar:
        for member in tar:
            target = place(member.name.removeprefix("./"))
            if target is not None and not member.isdir():
                _write(tar, member, root / target)


def _write(tar: tarfile.TarFile, member: tarfile.TarInfo, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if member.issym():
        path.symlink_to(member.linkname)
        return
    content = tar.extractfile(member) if member.isfile() else None
    if content is None:
        raise BaseImageError(
            f"{member.name} is neither a file nor a symbolic link.",
            "No base was made.",
            "Leave it out of the base, or teach the base what to do with it.",
        )
    with path.open("wb") as file:
        shutil.copyfileobj(content, file)
    path.chmod(0o755 if member.mode & 0o100 else 0o644)


def _unknown(names: str) -> BaseImageError:
    return BaseImageError(
        f"The package sources of this machine have no {names}.",
        "No base was made.",
        "Run apt-get update as root, and try again.",
    )


def _run(*command: str, folder: Path | None = None) -> str:
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder)
    if done.returncode != 0:
        raise BaseImageError(
            f"{command[0]} failed: {last_words(done.stderr, done.returncode)}",
            "No base was made.",
            "Run apt-get update as root, check the network, and try again.",
        )
    return done.stdout
