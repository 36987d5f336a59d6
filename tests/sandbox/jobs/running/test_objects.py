"""Which files the objects of a channel become."""

import json

import pytest

from sandbox.jobs.running.objects import joined, named_in_manifest, names_below


@pytest.mark.parametrize("prefix", ["s3://b/data/train/", "s3://b/data/train"])
def test_a_folder_leaves_what_is_in_it(prefix: str) -> None:
    uris = ["s3://b/data/train/", "s3://b/data/train/a.csv", "s3://b/data/train/deep/b.csv"]
    assert list(names_below(prefix, uris).values()) == ["a.csv", "deep/b.csv"]


def test_a_prefix_within_a_name_leaves_the_names() -> None:
    uris = ["s3://b/data/part-1.csv", "s3://b/data/part-2/c.csv"]
    assert list(names_below("s3://b/data/part-", uris).values()) == ["part-1.csv", "part-2/c.csv"]


def test_a_whole_bucket_leaves_its_keys() -> None:
    assert names_below("s3://b", ["s3://b/a/b.csv"]) == {"s3://b/a/b.csv": "a/b.csv"}


def test_an_object_leaves_itself() -> None:
    assert names_below("s3://b/data/a.csv", ["s3://b/data/a.csv"]) == {"s3://b/data/a.csv": "a.csv"}


def test_a_manifest_names_objects_by_a_prefix() -> None:
    manifest = json.dumps([{"prefix": "s3://b/some/"}, "a.csv", "deep/b.csv"]).encode()
    assert named_in_manifest(manifest) == {
        "s3://b/some/a.csv": "a.csv",
        "s3://b/some/deep/b.csv": "deep/b.csv",
    }


@pytest.mark.parametrize(
    "manifest",
    [b"{", b"[]", b"5", b"null", b"{}", b'["a"]', b'[{"prefix": "b/"}, "a"]', b'[{"prefix": "s3://b/"}, 1]'],
)
def test_what_is_no_manifest_is_refused(manifest: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the message is json's own, too
        named_in_manifest(manifest)


def test_places_are_joined_once() -> None:
    assert (
        joined("s3://b/out/", "job", "output")
        == "s3://b/out/job/output"
        == joined("s3://b/out", "job", "output")
    )
