"""Data: a release's own, from whatever stage has it, and nothing else."""

import hashlib
import json

import pytest

from release.domain import data_version
from release.domain.errors import ServiceError, UsageError
from release.operations.data import bring
from release.operations.release import Order, release
from tests.release.scenes import serving

DATA = b"the rows"
SHA256 = hashlib.sha256(DATA).hexdigest()
MD5 = hashlib.md5(DATA, usedforsecurity=False).hexdigest()
NAMED = {"data_version": "toys-1", "data_sha256": SHA256, "data_md5": MD5, "data_size": len(DATA)}


@pytest.fixture
def world(project, dev, staging):
    return project(dev, staging)


@pytest.fixture
def released(world, told):
    """The id of a release whose training left its data beside the model."""
    folder = world.build / "model"
    evidence = json.loads((folder / "evidence.json").read_text())
    evidence["source"] |= NAMED
    (folder / "evidence.json").write_text(json.dumps(evidence))
    (folder / "data.parquet").write_bytes(DATA)
    return release(world, Order(folder), told).release


def test_a_release_keeps_its_data_and_it_is_brought_back_by_its_hash(world, released, dev, told):
    assert dev.data.files == {MD5: DATA}
    assert "the data toys-1 is kept" in told.text
    found = bring(world, released, None, told)
    assert (found.version, found.sha256, found.stage) == ("toys-1", SHA256, "dev")
    assert found.file == world.build / "data" / f"{released}.parquet"
    assert found.file.read_bytes() == DATA


def test_it_is_brought_from_whatever_stage_has_it_and_to_where_it_is_asked_for(
    world, released, dev, staging, told, tmp_path
):
    staging.data.files, dev.data.files = dev.data.files, {}
    found = bring(world, released, tmp_path / "new" / "rows.parquet", told)
    assert (found.stage, found.file.read_bytes()) == ("staging", DATA)


def test_damaged_data_is_passed_over_where_another_stage_has_it_whole(world, released, dev, staging, told):
    staging.data.files = {MD5: DATA}
    dev.data.files = {MD5: b"other rows"}
    assert bring(world, released, None, told).stage == "staging"
    assert f"damaged: {MD5} has other bytes" in told.text


def test_damaged_data_is_an_error_and_the_same_release_again_mends_it(world, released, dev, told):
    dev.data.files = {MD5: b"other rows"}
    with pytest.raises(ServiceError, match=r"toys-1 of release .* is damaged: .* has other bytes") as caught:
        bring(world, released, None, told)
    assert "no file was written" in caught.value.consequence
    assert "the same ./slipway release puts it there again" in caught.value.next_step
    assert not (world.build / "data").exists()
    again = release(world, Order(world.build / "model"), told)
    assert (again.release, again.changed) == (released, False)
    assert bring(world, released, None, told).file.read_bytes() == DATA


def test_data_that_is_nowhere_is_an_error_that_says_how_to_make_it_again(world, released, dev, told):
    dev.data.files = {}
    with pytest.raises(ServiceError, match="No stage has the data toys-1") as caught:
        bring(world, released, None, told)
    assert "dvc push" in caught.value.next_step
    assert "at commit abc" in caught.value.next_step
    assert SHA256 in caught.value.next_step


def test_a_stage_that_cannot_be_read_is_told(world, released, dev, told, monkeypatch):
    stage = world.stage

    def closed(name):
        if name == "staging":
            raise UsageError("staging's credentials are another's")
        return stage(name)

    monkeypatch.setattr(world, "stage", closed)
    assert bring(world, released, None, told).stage == "dev"
    assert "staging cannot be read" in told.text
    dev.data.files = {}
    with pytest.raises(ServiceError, match=r"as far as can be read \(not: staging\)"):
        bring(world, released, None, told)


@pytest.mark.parametrize(
    ("asked", "named"), [("zz", "is no release"), ("0" * 12, "No stage knows release 000000000000")]
)
def test_a_release_that_nobody_knows_is_no_release(world, told, asked, named):
    with pytest.raises(UsageError, match=named) as caught:
        bring(world, asked, None, told)
    assert "./slipway status" in caught.value.next_step


def test_a_manifest_that_was_changed_names_no_data_and_is_told(world, released, dev, told, monkeypatch):
    def changed(release):
        raise UsageError(f"The manifest stored as release {release} is that of another: it was changed.")

    monkeypatch.setattr(dev.artifacts, "manifest", changed)
    with pytest.raises(UsageError, match=f"No stage knows release {released}"):
        bring(world, released, None, told)
    assert f"dev: The manifest stored as release {released} is that of another" in told.text


def test_a_release_from_before_data_was_named_says_so(world, told):
    made = release(world, Order(world.build / "model"), told).release
    with pytest.raises(UsageError, match="names no data") as caught:
        bring(world, made, None, told)
    assert "from its commit, abc" in caught.value.next_step


def test_the_data_of_a_foreign_release_is_with_whoever_made_it(world, told, given, dev):
    made = release(world, Order(given(source=NAMED)), told).release
    with pytest.raises(UsageError, match="somebody else built") as caught:
        bring(world, made, None, told)
    assert "Ada, data science, for the data with SHA-256 60303ae2" in caught.value.next_step
    assert "commit" not in str(caught.value)
    assert data_version.of(dev.artifacts.manifest(made)) is None


def test_a_stage_that_was_never_made_has_no_data(project, dev, told):
    empty = serving(None, stage="staging")
    empty.artifacts.there = False
    with pytest.raises(UsageError, match="No stage knows"):
        bring(project(dev, empty), "0" * 12, None, told)


def test_a_release_without_its_data_beside_it_goes_out_and_says_so(world, released, dev, told):
    (world.build / "model" / "data.parquet").unlink()
    dev.data.files = {}
    release(world, Order(world.build / "model"), told)
    assert "data.parquet is not there" in told.text
    assert dev.data.files == {}


def test_data_that_the_bucket_has_already_needs_no_file(world, released, dev, told):
    (world.build / "model" / "data.parquet").unlink()
    release(world, Order(world.build / "model"), told)
    assert "is not there" not in told.text
    assert dev.data.files == {MD5: DATA}


def test_a_file_that_is_other_data_is_not_kept_for_the_releases(world, released, dev, told):
    (world.build / "model" / "data.parquet").write_bytes(b"other rows")
    dev.data.files = {}
    with pytest.raises(UsageError, match="is other data"):
        release(world, Order(world.build / "model"), told)
    assert dev.data.files == {}


@pytest.mark.parametrize("name", ["model.tar.gz", "golden.json", "evidence.json", "data.parquet"])
def test_a_pointer_of_git_lfs_is_not_released_for_the_file(world, released, dev, told, name):
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n"
    (world.build / "model" / name).write_text(pointer)
    entries = len(dev.ledger.stored)
    with pytest.raises(UsageError, match=f"{name} is a pointer of Git LFS") as caught:
        release(world, Order(world.build / "model"), told)
    assert caught.value.next_step.endswith("git lfs pull")
    assert len(dev.ledger.stored) == entries
