"""The base of Debian's packages: nothing but Python and what it needs, and the same bytes each time."""

import json
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest

from model.image.base import Base, make_base, place
from model.image.debian import Fields, closure, needs, parse_control
from tests.model.image import images
from tests.model.image.engines import files

needs_packages = pytest.mark.usefixtures("packages")


def test_control_fields() -> None:
    fields = parse_control("Package: a\nDepends: b (>= 1), c | d,\n e:any\nDescription: x\n more: text\n")
    assert needs(fields) == ["b", "c", "e"]
    assert fields["Package"] == "a"
    assert fields["Description"] == "x\nmore: text"
    assert needs({}) == []


def test_what_packages_need_without_what_is_left_out() -> None:
    known: dict[str, Fields] = {
        "python": {"Depends": "libssl3t64, shell", "Pre-Depends": "libc"},
        "libssl3t64": {"Depends": "libc, debconf | cdebconf"},
        "libc": {"Depends": "libgcc"},
        "libgcc": {"Depends": "libc"},
        "readline": {},
    }
    asked: list[str] = []

    def lookup(names: Iterable[str]) -> dict[str, Fields]:
        asked.extend(names)
        return {name: known[name] for name in names}

    assert closure(["python"], frozenset({"shell", "debconf"}), lookup) == [
        "libc",
        "libgcc",
        "libssl3t64",
        "python",
    ]
    assert len(asked) == len(set(asked))
    assert closure(["python"], frozenset({"shell", "libssl3", "libgcc"}), lookup) == ["libc", "python"]


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("lib/x86_64-linux-gnu/libc.so.6", "usr/lib/x86_64-linux-gnu/libc.so.6"),
        ("lib64/ld-linux-x86-64.so.2", "usr/lib64/ld-linux-x86-64.so.2"),
        ("lib", None),
        ("bin/sh", None),
        ("usr/bin/c_rehash", None),
        ("usr/sbin/update-ca-certificates", None),
        ("usr/bin/python3.11", "usr/bin/python3.11"),
        ("usr/lib/python3.11/asyncio/__init__.py", "usr/lib/python3.11/asyncio/__init__.py"),
        ("usr/lib/python3.11/lib-dynload/_ssl.cpython-311-x86_64-linux-gnu.so", "same"),
        ("usr/lib/python3.11/lib-dynload/_testcapi.cpython-311-x86_64-linux-gnu.so", None),
        ("usr/lib/python3.11/lib-dynload/_sqlite3.cpython-311-x86_64-linux-gnu.so", None),
        ("usr/lib/x86_64-linux-gnu/gconv/IBM037.so", None),
        ("usr/share/doc/libc6/copyright", "usr/share/doc/libc6/copyright"),
        ("usr/share/common-licenses/GPL-3", "usr/share/common-licenses/GPL-3"),
        ("usr/share/doc/libc6/changelog.Debian.gz", None),
        ("usr/share/man/man1/python3.11.1.gz", None),
        ("usr/share/ca-certificates/mozilla/A.crt", "usr/share/ca-certificates/mozilla/A.crt"),
        ("etc/ld.so.conf.d/x86_64-linux-gnu.conf", None),
        ("etc/os-release", "etc/os-release"),
        ("root/.bashrc", None),
    ],
)
def test_what_is_kept_of_a_package(name: str, wanted: str | None) -> None:
    assert place(name) == (name if wanted == "same" else wanted)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Base:
    """The base, made of this machine's packages."""
    return make_base(tmp_path_factory.mktemp("base"), lambda _: None, images.tool("crane"))


@pytest.fixture(scope="module")
def root(base: Base, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The base, unpacked."""
    return images.unpack(base.layout, tmp_path_factory.mktemp("root"))


@needs_packages
@pytest.mark.sandbox
def test_the_same_packages_give_the_same_digest(base: Base, tmp_path: Path) -> None:
    again = make_base(tmp_path / "other", lambda _: None, images.tool("crane"))
    assert again.layout.digest == base.layout.digest
    assert again.packages == base.packages
    assert base.reference == f"localhost/slipway-base@{base.layout.digest}"


@needs_packages
@pytest.mark.sandbox
def test_it_holds_no_shell_and_no_tool(base: Base, root: Path) -> None:
    programs = {path.name for path in (root / "usr/bin").iterdir()}
    assert programs == {"python3", f"python{base.python}"}
    assert not (root / "usr/sbin").exists()
    held = files([images.blob(base.layout, layer.digest) for layer in base.layout.layers])
    runnable = {Path(name).name for name, (kind, _, _) in held.items() if kind == "0 0o755"}
    runnable = {name for name in runnable if not name.endswith(".py")}
    assert runnable == {f"python{base.python}", "ld-linux-x86-64.so.2", "libc.so.6"}
    assert not [name for name, (kind, _, _) in held.items() if int(kind.split()[1], 8) & 0o6000]
    assert held["tmp"][0] == "5 0o1777"


@needs_packages
@pytest.mark.sandbox
def test_its_python_has_all_its_modules(base: Base, root: Path) -> None:
    """By the base's own loader and libraries, so that a library that the machine has does not help."""
    code = """
import asyncio, bz2, ctypes, hashlib, importlib, json, lzma, multiprocessing, pathlib, ssl, sysconfig, uuid
for module in pathlib.Path(sysconfig.get_path("platstdlib"), "lib-dynload").glob("*.so"):
    importlib.import_module(module.name.partition(".")[0])
own = [line.split()[-1] for line in open("/proc/self/maps") if ".so" in line]
print(json.dumps([ssl.OPENSSL_VERSION, ssl.__cached__, own]))
"""
    [loader] = (root / "usr/lib").glob("*-linux-gnu/ld-linux-*.so.*")
    python = root / f"usr/bin/python{base.python}"
    done = subprocess.run(
        [loader, "--library-path", loader.parent, python, "-S", "-B", "-c", code],
        env={"PYTHONHOME": str(root / "usr")},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    version, cached, libraries = json.loads(done.stdout)
    assert version.startswith("OpenSSL")
    assert Path(cached).is_file()
    assert {library for library in libraries if not library.startswith(str(root))} == set()


@needs_packages
@pytest.mark.sandbox
def test_what_it_says_of_itself(base: Base, root: Path) -> None:
    assert "slipway:x:10001:10001:" in (root / "etc/passwd").read_text()
    assert (root / "etc/ssl/certs/ca-certificates.crt").read_text().count("BEGIN CERTIFICATE") > 50
    told = {path.name for path in (root / "var/lib/dpkg/status.d").iterdir()}
    assert told == set(base.packages)
    assert (root / "usr/share/common-licenses/GPL-3").is_file()
    for name in told:
        assert (root / "usr/share/doc" / name / "copyright").is_file()
    assert images.config(base.layout)["config"]["Env"][0] == "PATH=/usr/bin"
