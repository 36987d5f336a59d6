"""The SBOM is valid, says where each package came from, and is the same each time."""

import json
from email.message import Message
from pathlib import Path

import pytest

from model.image.base_packages import BasePackage, is_record, of_folder, told
from model.image.errors import DependencyError
from model.image.sbom import Contents, render
from model.image.wheels import Wheel, licence, read_wheels

BASE = f"slipway-base@sha256:{'b' * 64}"
WHEELS = (
    Wheel("numpy", "2.4.6", "numpy-2.4.6-cp311-cp311-manylinux_2_28_x86_64.whl", "a" * 64, "BSD-3-Clause"),
    Wheel("odd", "1.0", "odd-1.0-py3-none-any.whl", "c" * 64, "Our own licence"),
    Wheel("both", "1.0", "both-1.0-py3-none-any.whl", "d" * 64, "Apache-2.0 OR BSD-2-Clause"),
    Wheel("silent", "1.0", "silent-1.0-py3-none-any.whl", "e" * 64, ""),
)
PACKAGES = (BasePackage("libstdc++6", "12.2.0-14+deb12u1", "amd64", "debian-12"),)


def _document(contents: Contents) -> dict:
    return json.loads(render(contents))


def _fault(text: str) -> object:
    """What CycloneDX's own validator finds wrong; None when the document is valid."""
    # a second and a half to import: not for the tests that are to take milliseconds
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    return JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)


@pytest.mark.sandbox
def test_it_is_valid_with_and_without_a_base() -> None:
    for contents in (Contents("1f", WHEELS), Contents("1f", WHEELS, BASE, PACKAGES), Contents("1f", ())):
        assert _fault(render(contents).decode()) is None


@pytest.mark.sandbox
def test_the_validator_would_notice() -> None:
    document = _document(Contents("1f", WHEELS))
    document["components"][0]["hashes"][0]["content"] = "no hash"
    assert _fault(json.dumps(document)) is not None


def test_the_same_contents_give_the_same_bytes_whatever_their_order() -> None:
    contents = Contents("1f", WHEELS, BASE, PACKAGES)
    assert render(contents) == render(contents)
    assert render(contents) == render(Contents("1f", WHEELS[::-1], BASE, PACKAGES))
    text = render(contents).decode()
    assert "serialNumber" not in text
    assert "timestamp" not in text


def test_what_it_says_of_a_package() -> None:
    parts = {part["name"]: part for part in _document(Contents("1f", WHEELS, BASE, PACKAGES))["components"]}
    assert parts["numpy"]["version"] == "2.4.6"
    assert parts["numpy"]["hashes"] == [{"alg": "SHA-256", "content": "a" * 64}]
    assert parts["numpy"]["licenses"] == [{"license": {"id": "BSD-3-Clause"}}]
    assert parts["numpy"]["purl"].startswith("pkg:pypi/numpy@2.4.6?file_name=numpy-2.4.6-cp311")
    assert parts["odd"]["licenses"] == [{"license": {"name": "Our own licence"}}]
    assert parts["both"]["licenses"] == [{"expression": "Apache-2.0 OR BSD-2-Clause"}]
    assert "licenses" not in parts["silent"]
    deb = "pkg:deb/debian/libstdc%2B%2B6@12.2.0-14%2Bdeb12u1?arch=amd64&distro=debian-12"
    assert parts["libstdc++6"]["purl"] == deb
    assert parts["slipway-base"]["hashes"][0]["content"] == "b" * 64


def test_what_depends_on_what() -> None:
    found = {
        part["ref"]: part.get("dependsOn", [])
        for part in _document(Contents("1f", WHEELS, BASE, PACKAGES))["dependencies"]
    }
    assert set(found["slipway-inference"]) == {"numpy==2.4.6", "odd==1.0", "both==1.0", "silent==1.0", BASE}
    assert len(found[BASE]) == 1


def _installed(folder: Path, tags: str, *more: str) -> Path:
    about = folder / "Some_Thing-1.5.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("\n".join(("Name: Some_Thing", "Version: 1.5", *more)))
    (about / "WHEEL").write_text("\n".join(f"Tag: {tag}" for tag in tags.split()))
    return folder


LOCK = """
[[packages]]
name = "some-thing"
version = "1.5"
wheels = [
  { url = "https://index/x/some_thing-1.5-py2.py3-none-any.whl", hashes = { sha256 = "11" } },
  { url = "https://index/x/some_thing-1.5-cp311-cp311-linux_x86_64.whl", hashes = { sha256 = "22" } },
]
"""


@pytest.mark.parametrize(
    ("tags", "checksum"), [("py2-none-any py3-none-any", "11"), ("cp311-cp311-linux_x86_64", "22")]
)
def test_an_installed_package_is_matched_with_its_wheel(tmp_path: Path, tags: str, checksum: str) -> None:
    [wheel] = read_wheels(_installed(tmp_path, tags, "License: MIT License"), LOCK)
    assert (wheel.name, wheel.version, wheel.sha256, wheel.licence) == ("some-thing", "1.5", checksum, "MIT")
    assert "index" not in wheel.file


def test_a_wheel_that_the_lock_does_not_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DependencyError) as error:
        read_wheels(_installed(tmp_path, "cp312-cp312-linux_x86_64"), LOCK)
    assert "some-thing 1.5" in error.value.cause
    with pytest.raises(DependencyError):
        read_wheels(tmp_path, LOCK.replace("1.5", "1.6"))


@pytest.mark.parametrize(
    ("headers", "told"),
    [
        ([("License-Expression", "MIT"), ("License", "x")], "MIT"),
        ([("License", "3-Clause BSD License")], "BSD-3-Clause"),
        (
            [("License", "Ours\nall of its text"), ("Classifier", "License :: OSI Approved :: MIT License")],
            "MIT",
        ),
        ([("Classifier", "License :: A"), ("Classifier", "License :: B")], ""),
        ([], ""),
    ],
)
def test_the_licence_that_metadata_tells(headers: list[tuple[str, str]], told: str) -> None:
    metadata = Message()
    for name, value in headers:
        metadata[name] = value
    assert licence(metadata) == told


STATUS = """Package: libc6
Status: install ok installed
Architecture: amd64
Version: 2.36-9

Package: gone
Status: deinstall ok config-files
Architecture: amd64
Version: 1
"""
RELEASE = 'ID=debian\nVERSION_ID="12"\n'


def test_the_packages_of_a_base_by_one_record_or_by_many() -> None:
    libc = BasePackage("libc6", "2.36-9", "amd64", "debian-12")
    assert told({"usr/lib/os-release": RELEASE, "var/lib/dpkg/status": STATUS}) == (libc,)
    single = "Package: libc6\nArchitecture: amd64\nVersion: 2.36-9\n"
    assert told({"usr/lib/os-release": RELEASE, "var/lib/dpkg/status.d/libc6": single}) == (libc,)
    assert told({"var/lib/dpkg/status.d/libc6": single})[0].distribution == ""
    assert told({}) == ()
    assert not is_record("var/lib/dpkg/status.d/libc6.md5sums")


def test_the_packages_of_an_unpacked_base(tmp_path: Path) -> None:
    (tmp_path / "var/lib/dpkg/status.d").mkdir(parents=True)
    (tmp_path / "var/lib/dpkg/status").write_text(STATUS)
    (tmp_path / "var/lib/dpkg/status.d/x.md5sums").write_text("00  usr/x")
    assert [package.name for package in of_folder(tmp_path)] == ["libc6"]
