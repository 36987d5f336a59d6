"""What a transform job leaves open, and the names of what it reads and stores."""

from typing import Any

import pytest

from sandbox.serving.transforms.parameters import Parameters, complete, environment, parameters
from sandbox.serving.transforms.places import BadManifest, manifest, names_below, stored

ASKED = b'{"MaxConcurrentTransforms": 4, "BatchStrategy": "SINGLE_RECORD", "MaxPayloadInMB": 2}'


@pytest.mark.parametrize(
    ("request_", "answer", "found"),
    [
        ({}, None, Parameters(1, 6, single=False)),
        ({}, ASKED, Parameters(4, 2, single=True)),
        ({"MaxConcurrentTransforms": 0}, ASKED, Parameters(4, 2, single=True)),
        ({"MaxConcurrentTransforms": 3, "MaxPayloadInMB": 0}, ASKED, Parameters(3, 0, single=True)),
        ({"BatchStrategy": "MultiRecord"}, ASKED, Parameters(4, 2, single=False)),
        ({}, b"<html>", Parameters()),
        ({}, b'{"MaxPayloadInMB": "many", "MaxConcurrentTransforms": null}', Parameters()),
    ],
)
def test_the_job_speaks_before_its_container_and_that_before_the_defaults(
    request_: dict[str, Any], answer: bytes | None, found: Parameters
) -> None:
    assert parameters(request_, answer) == found


def test_a_container_is_asked_unless_the_job_says_all() -> None:
    full = {"MaxConcurrentTransforms": 1, "MaxPayloadInMB": 6, "BatchStrategy": "MultiRecord"}
    assert complete(full)
    assert not any(
        complete({**full, name: 0} if name[3] == "C" else {k: v for k, v in full.items() if k != name})
        for name in full
    )


def test_a_payload_of_nothing_has_no_limit() -> None:
    assert (Parameters(megabytes=0).limit, Parameters(megabytes=2).limit) == (None, 2 * 1024 * 1024)


def test_the_container_hears_what_the_job_says_and_no_more() -> None:
    assert environment({}) == {"SAGEMAKER_BATCH": "true"}
    said = {"MaxConcurrentTransforms": 2, "MaxPayloadInMB": 0, "BatchStrategy": "SingleRecord"}
    assert environment({**said, "Environment": {"MINE": "1"}}) == {
        "SAGEMAKER_BATCH": "true",
        "SAGEMAKER_MAX_PAYLOAD_IN_MB": "0",
        "SAGEMAKER_BATCH_STRATEGY": "SINGLE_RECORD",
        "SAGEMAKER_MAX_CONCURRENT_TRANSFORMS": "2",
        "MINE": "1",
    }


def test_results_are_named_by_what_comes_after_the_prefix() -> None:
    keys = ["in/", "in/a.csv", "in/sub/b.csv"]
    below = {"in/a.csv": "a.csv", "in/sub/b.csv": "sub/b.csv"}
    assert names_below("in/", keys) == names_below("in", keys) == below
    assert names_below("in/a.csv", ["in/a.csv"]) == {"in/a.csv": "a.csv"}
    assert names_below("in/part-", ["in/part-1", "in/part-2"]) == {
        "in/part-1": "part-1",
        "in/part-2": "part-2",
    }
    assert names_below("", ["in/a.csv"]) == {"in/a.csv": "in/a.csv"}
    assert (
        stored("s3://b/out/", "sub/b.csv") == stored("s3://b/out", "sub/b.csv") == "s3://b/out/sub/b.csv.out"
    )


def test_a_manifest_names_objects_below_its_prefix() -> None:
    assert manifest(b'[{"prefix": "s3://b/in/"}, "a.csv", "sub/b.csv"]') == (
        "s3://b/in/",
        ["a.csv", "sub/b.csv"],
    )


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"[]", b'["a.csv"]', b'[{"prefix": "in/"}, "a"]', b'[{"prefix": "s3://b/"}]']
)
def test_what_is_no_manifest(content: bytes) -> None:
    with pytest.raises(BadManifest):
        manifest(content)
