"""Archives are unpacked on every Python that is supported: early ones of 3.11 know no filters."""

import io
import tarfile
from pathlib import Path

import pytest

from model.image.extracting import extract


@pytest.fixture
def archive() -> tarfile.TarFile:
    """One file below a name that leads out of the folder."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as tar:
        for name in ("inside", "../outside"):
            entry = tarfile.TarInfo(name)
            entry.size = 1
            tar.addfile(entry, io.BytesIO(b"x"))
    return tarfile.open(fileobj=io.BytesIO(made.getvalue()))


@pytest.mark.skipif(not hasattr(tarfile, "data_filter"), reason="this Python has no filters")
def test_the_filter_is_used_where_there_is_one(archive: tarfile.TarFile, tmp_path: Path) -> None:
    with pytest.raises(tarfile.OutsideDestinationError):
        extract(archive, tmp_path / "into")


def test_without_filters_it_unpacks(
    archive: tarfile.TarFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(tarfile, "data_filter", raising=False)
    (tmp_path / "into").mkdir()
    extract(archive, tmp_path / "into")
    assert (tmp_path / "into" / "inside").read_bytes() == b"x"
