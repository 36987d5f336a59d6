"""A base made of Debian's packages: Python, its standard library and what they need, and nothing else.

For where no public base can be pulled. It holds no shell, no package manager and no tool: only libraries, the
interpreter, certificates, a user, and what says which packages they are of. The same package versions give
the same digest. Which versions those are, the package sources of the machine decide; `var/lib/dpkg/status.d`
in the image tells them, where scanners look for them too.
"""

import re
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from model.image import debian
from model.image.crane import PLATFORM, Crane
from model.image.debian import Package
from model.image.errors import BaseImageError, last_words
from model.image.layers import Entry, Folder, Link, write_layer
from model.image.layout import Layout, keep, pull, read_layout

NAME = "slipway-base"
BUILDER_NAME = "slipway-builder"
USER = "10001"
RECORDS = PurePosixPath("var/lib/dpkg/status.d")
_ROOTS = ("base-files", "ca-certificates", "libgcc-s1", "libstdc++6", "zlib1g", "libexpat1")
_BUILDER_ROOTS = ("python3-pip",)
# What the roots name and a server never calls: the package manager and what it asks, and the libraries of
# modules that are left out below.
_LEFT_OUT_PACKAGES = frozenset(
    (
        *("awk", "mawk", "dpkg", "debconf", "openssl", "media-types", "mime-support", "netbase", "tzdata"),
        *("python3", "python3-minimal"),
        *("libreadline8", "libncursesw6", "libtinfo6", "libdb5.3", "libnsl2", "libtirpc3", "libsqlite3-0"),
    )
)
_LEFT_OUT_MODULES = "readline|_curses\\w*|_dbm|nis|_sqlite3|ossaudiodev|_?xx\\w+|_test\\w+|_ctypes_test"
_LEFT_OUT = re.compile(
    rf"""usr/lib/python3[^/]*/lib-dynload/(?:{_LEFT_OUT_MODULES})\.cpython-.*
    |usr/lib/python3[^/]*/(?:idlelib|lib2to3|turtledemo|pydoc_data|test|ensurepip|sqlite3|curses)/.*
    |usr/lib/python3[^/]*/config-.*
    |usr/lib/[^/]*/gconv/.*
    |usr/s?bin/(?!python3).*
    |usr/share/(?!common-licenses/|doc/[^/]+(?:/copyright)?$).*
    |usr/lib/(?:binfmt\.d|systemd|os-probes|sysusers\.d|tmpfiles\.d)/.*
    |etc/(?!ssl|python|os-release|debian_version).*
    |(?:root|home|var|srv|media|mnt|opt|boot|dev|proc|sys|run|tmp)/.*""",
    re.VERBOSE,
)
_CERTIFICATES = re.compile(r"usr/share/ca-certificates/mozilla/[^/]+\.crt")
_MERGED = ("bin", "lib", "lib64", "sbin")
Progress = Callable[[str], None]


@dataclass(frozen=True)
class Base:
    """A base on disk: its layout, its Python (like "3.11"), and its packages' versions by name."""

    layout: Layout
    python: str
    packages: dict[str, str]
    name: str = NAME

    @property
    def reference(self) -> str:
        """How builds that share its cache name it: by its digest, so no registry has to hold it."""
        return f"localhost/{self.name}@{self.layout.digest}"

    def summary(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "digest": self.layout.digest,
            "path": str(self.layout.path),
            "python": self.python,
            "size": self.layout.size,
            "packages": self.packages,
        }

    def lines(self, reference: str) -> list[str]:
        """For people: what it is, and how to use it under `reference`."""
        size = f"{self.layout.size / 1e6:.2f} MB compressed"
        return [
            f"{reference} ({size}, Python {self.python}, {len(self.packages)} packages)",
            f"In a stage: slipway:image: {{base: {reference}, python: '{self.python}'}}",
            f"For podman: skopeo copy oci:{self.layout.path} containers-storage:localhost/{self.name}:latest",
        ]


def make_base(cache: Path, progress: Progress, crane: Path | None = None, builder: bool = False) -> Base:
    """Makes the base and keeps it in `cache`, where builds find it by its digest.

    With `builder` it has pip too, and is for the builder stage of `model/Dockerfile`. Needs Debian or Ubuntu
    with fresh package lists, no root. Raises BaseImageError, ToolError, OSError.
    """
    debian.require_tools()
    python = _python()
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache, prefix=".build-base-") as folder:
        work = Path(folder)
        roots = (*_ROOTS, f"python{python}-minimal", f"libpython{python}-stdlib")
        roots += _BUILDER_ROOTS if builder else ()
        names = debian.closure(roots, _LEFT_OUT_PACKAGES, debian.candidates)
        progress(f"{len(names)} packages of Debian's, Python {python}")
        packages = debian.download(names, work / "archives")
        root = work / "root"
        _unpack(packages, root)
        progress("bytecode of the standard library")
        compile_bytecode(root, [f"usr/lib/python{python}"], python)
        write_layer(_entries(root, packages, python), work / "base.tar")
        progress("compressing")
        name = BUILDER_NAME if builder else NAME
        layout = _layout(Crane(crane), name, work, cache)
    return Base(layout, python, {package.name: package.version for package in packages}, name)


def _python() -> str:
    """The version of the Python that this Debian has, from what python3-minimal needs."""
    fields = debian.candidates(["python3-minimal"])["python3-minimal"]
    [version] = [
        match[1] for need in debian.needs(fields) if (match := re.fullmatch(r"python(3\.\d+)-minimal", need))
    ]
    return version


def place(name: str) -> str | None:
    """Where a file of a package is in the base; None where it is left out. `name` has no leading slash.

    Debian is on the way from /lib to /usr/lib: here everything is below /usr, with links at the old places.
    """
    first = name.partition("/")[0]
    merged = f"usr/{name}" if first in _MERGED and first != name else name
    if _CERTIFICATES.fullmatch(merged):
        return merged
    return None if (first in _MERGED and first == name) or _LEFT_OUT.fullmatch(merged) else merged


def _unpack(packages: Iterable[Package], root: Path) -> None:
    for package in packages:
        debian.unpack(package, root, place)
    mozilla = root / "usr/share/ca-certificates/mozilla"
    certificates = sorted(mozilla.glob("*.crt"))
    if not certificates:
        raise BaseImageError(
            "The package ca-certificates holds no certificates.", "No base was made.", "Report this."
        )
    # what update-ca-certificates makes at installation: all of them in one file
    bundle = root / "etc/ssl/certs/ca-certificates.crt"
    bundle.parent.mkdir(parents=True, exist_ok=True)
    bundle.write_bytes(b"".join(certificate.read_bytes() for certificate in certificates))
    for certificate in certificates:
        certificate.unlink()


def compile_bytecode(root: Path, folders: Iterable[str], python: str) -> None:
    """Compiles the modules below `folders` of the unpacked image `root` with the image's own interpreter.

    Bytecode that is never compared with its source: no times in it, and a read-only image cannot renew it.
    The interpreter is run by the image's own loader and C library, so that it needs no container and no
    root. Raises BaseImageError when it cannot run here.
    """
    [loader] = (root / "usr" / "lib").glob("*-linux-gnu/ld-linux-*.so.*")
    command: list[str | Path] = [loader, "--library-path", loader.parent, root / f"usr/bin/python{python}"]
    command += ["-I", "-S", "-B", "-c", _COMPILE, str(root), *folders]
    home = {"PYTHONHOME": str(root / "usr"), "PYTHONHASHSEED": "0"}
    done = subprocess.run(command, capture_output=True, text=True, env=home)
    if done.returncode != 0:
        raise BaseImageError(
            f"The Python of the base does not run here: {last_words(done.stderr, done.returncode)}",
            "No base was made.",
            "Make it on Linux on x86-64.",
        )


_COMPILE = """
import pathlib, py_compile, sys
root = pathlib.Path(sys.argv[1])
mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
for folder in sys.argv[2:]:
    for path in sorted((root / folder).rglob("*.py")):
        name = "/" + path.relative_to(root).as_posix()
        py_compile.compile(str(path), dfile=name, doraise=True, invalidation_mode=mode)
"""


def _entries(root: Path, packages: Iterable[Package], python: str) -> Iterator[Entry]:
    yield from tree(root)
    for name in _MERGED:
        if (root / "usr" / name).is_dir():
            yield Entry(Link(f"usr/{name}"), PurePosixPath(name))
    yield Entry(Link(f"python{python}"), PurePosixPath("usr/bin/python3"))
    users = f"root:x:0:0:root:/root:/nonexistent\nslipway:x:{USER}:{USER}::/nonexistent:/nonexistent\n"
    yield Entry(users.encode(), PurePosixPath("etc/passwd"))
    yield Entry(f"root:x:0:\nslipway:x:{USER}:\n".encode(), PurePosixPath("etc/group"))
    yield Entry(b"hosts: files dns\n", PurePosixPath("etc/nsswitch.conf"))
    for folder in ("tmp", "var/tmp"):
        yield Entry(Folder(0o1777), PurePosixPath(folder))
    for folder in ("dev", "proc", "sys", "run"):
        yield Entry(Folder(0o755), PurePosixPath(folder))
    for package in packages:
        yield Entry(package.control.encode(), RECORDS / package.name)


def tree(root: Path) -> Iterator[Entry]:
    """The files and links below `root`; what its owner may execute is a program."""
    for path in root.rglob("*"):
        target = PurePosixPath(path.relative_to(root).as_posix())
        if path.is_symlink():
            yield Entry(Link(str(path.readlink())), target)
        elif path.is_file():
            yield Entry(path, target, program=bool(path.stat().st_mode & 0o100))


def _layout(crane: Crane, name: str, work: Path, cache: Path) -> Layout:
    storage = work / "registry"
    storage.mkdir()
    with crane.registry(storage) as host:
        layer, image = f"{host}/base:layer", f"{host}/base:image"
        crane.run("append", "--oci-empty-base", "--new_layer", work / "base.tar", "--new_tag", layer)
        settings = ["--set-platform", PLATFORM, "--env", "PATH=/usr/bin", "--cmd", "python3"]
        settings += ["--env", "SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt", "--env", "LANG=C.UTF-8"]
        settings += ["--label", f"org.opencontainers.image.title={name}"]
        crane.run("mutate", layer, *settings, "--tag", image)
        pull(crane, image, work / "base")
    found = read_layout(work / "base")
    return keep(found, cache / "bases" / found.digest.partition(":")[2])
