"""Archives of strangers: layers as a container's root would have them, and no way out of the folder."""

import gzip
import io
import tarfile
from pathlib import Path
from typing import Any

import pytest

from sandbox.serving.images import archive
from sandbox.serving.images.archive import Extraction, UnsafeArchive


def entry(name: str, content: bytes = b"", **members: Any) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.size = len(content)
    info.mode = 0o644
    for key, value in members.items():
        setattr(info, key, value)
    return info, content


def link(name: str, target: str) -> tuple[tarfile.TarInfo, bytes]:
    return entry(name, type=tarfile.SYMTYPE, linkname=target)


def folder(name: str) -> tuple[tarfile.TarInfo, bytes]:
    return entry(name, type=tarfile.DIRTYPE, mode=0o755)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "outside").write_text("untouched")
    inside = tmp_path / "root"
    inside.mkdir()
    return inside


def unpack(root: Path, *layers: list[tuple[tarfile.TarInfo, bytes]], whiteouts: bool = True) -> None:
    extraction = Extraction(root)
    for number, entries in enumerate(layers):
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w") as tar:
            for info, content in entries:
                tar.addfile(info, io.BytesIO(content))
        path = root.parent / f"layer-{number}.tar"
        path.write_bytes(gzip.compress(buffer.getvalue()) if number % 2 else buffer.getvalue())
        extraction.add(path, whiteouts=whiteouts)


def names(root: Path) -> set[str]:
    return {path.relative_to(root).as_posix() for path in root.rglob("*") if not path.is_dir()}


def test_later_layers_go_over_earlier_ones(root: Path) -> None:
    unpack(root, [entry("etc/a", b"1"), entry("etc/b", b"1")], [entry("./etc/a", b"2", mode=0o755)])
    assert (root / "etc/a").read_bytes() == b"2"
    assert (root / "etc/a").stat().st_mode & 0o777 == 0o755
    assert names(root) == {"etc/a", "etc/b"}


def test_a_whiteout_deletes_what_came_before_and_not_what_comes_with_it(root: Path) -> None:
    unpack(
        root,
        [entry("opt/old", b"1"), entry("opt/gone", b"1"), entry("opt/sub/deep", b"1")],
        [entry("opt/.wh.gone"), entry("opt/.wh.sub"), entry("opt/new", b"2"), entry("opt/.wh.new")],
    )
    assert names(root) == {"opt/old", "opt/new"}


def test_an_opaque_folder_hides_all_that_was_in_it(root: Path) -> None:
    unpack(root, [entry("opt/old", b"1")], [entry("opt/new", b"2"), entry("opt/.wh..wh..opq")])
    assert names(root) == {"opt/new"}


def test_whiteouts_mean_nothing_in_a_model(root: Path) -> None:
    unpack(root, [entry("a", b"1"), entry(".wh.a", b"x")], whiteouts=False)
    assert names(root) == {"a", ".wh.a"}


@pytest.mark.parametrize("name", ["../outside", "a/../../outside", "opt/../../outside"])
def test_a_name_that_climbs_out_is_refused(root: Path, name: str) -> None:
    with pytest.raises(UnsafeArchive, match="points out"):
        unpack(root, [entry(name, b"broken")])
    assert (root.parent / "outside").read_text() == "untouched"


def test_an_absolute_name_lands_inside(root: Path) -> None:
    unpack(root, [entry("/opt/a", b"1")])
    assert names(root) == {"opt/a"}


@pytest.mark.parametrize("target", ["../..", "/", "../../../../../..", "."])
def test_a_link_leads_no_write_outside(root: Path, target: str) -> None:
    unpack(root, [link("opt/way", target), entry("opt/way/outside", b"broken")])
    assert (root.parent / "outside").read_text() == "untouched"
    assert all(path.resolve().is_relative_to(root) for path in root.rglob("*"))


def test_an_absolute_link_leads_to_the_images_own_file(root: Path) -> None:
    unpack(root, [entry("opt/bin/tool", b"1"), link("usr/tool", "/opt/bin/tool"), link("usr/near", "tool")])
    assert (root / "usr/tool").read_bytes() == b"1"
    assert (root / "usr/tool").resolve() == (root / "opt/bin/tool").resolve()
    assert (root / "usr/near").read_bytes() == b"1"


def test_a_hard_link_cannot_take_a_file_from_outside(root: Path) -> None:
    with pytest.raises((UnsafeArchive, OSError)):
        unpack(root, [entry("a", type=tarfile.LNKTYPE, linkname="../outside")])
    unpack(root, [entry("b", b"1"), entry("c", type=tarfile.LNKTYPE, linkname="b")])
    assert (root / "c").read_bytes() == b"1"


def test_links_that_go_round_are_refused(root: Path) -> None:
    with pytest.raises(UnsafeArchive, match="too many links"):
        unpack(root, [link("a", "b"), link("b", "a"), entry("a/x", b"1")])


def test_devices_pipes_and_set_id_bits_are_dropped(root: Path) -> None:
    unpack(root, [entry("dev/null", type=tarfile.CHRTYPE), entry("su", b"1", mode=0o6755)])
    assert names(root) == {"su"}
    assert (root / "su").stat().st_mode & 0o7777 == 0o755


def test_a_file_in_place_of_a_folder_and_the_other_way_round(root: Path) -> None:
    unpack(root, [entry("a/x", b"1"), entry("b", b"1")], [entry("a", b"2"), folder("b"), entry("b/y", b"2")])
    assert names(root) == {"a", "b/y"}


def test_an_archive_that_swells_is_stopped(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_BYTES", 1000)
    with pytest.raises(UnsafeArchive, match="unpacks to more"):
        unpack(root, [entry(f"file-{n}", b"x" * 300) for n in range(4)])
