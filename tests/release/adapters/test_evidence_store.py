"""What is kept of rollouts in a bucket: read in the order of its numbers; reports under their names."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from release.adapters.evidence import EvidenceStore
from tests.release.adapters.s3 import FakeS3


@pytest.fixture
def s3():
    return FakeS3()


@pytest.fixture
def store(s3):
    return EvidenceStore(cast(Any, SimpleNamespace(client=lambda name: s3)), "bucket")


def test_lines_come_in_the_order_of_their_numbers(s3, store):
    s3.objects = {
        "rollouts/r1/verdicts/00000010.jsonl": b"c\n",
        "rollouts/r1/verdicts/00000002.jsonl": b"a\nb\n",
        "rollouts/r1/windows/00000001.jsonl": b"another kind\n",
        "rollouts/r12/verdicts/00000001.jsonl": b"another rollout\n",
    }
    assert list(store.kept("r1", "verdicts")) == ["a", "b", "c"]


def test_nothing_kept_is_nothing(store):
    assert list(store.kept("r1", "verdicts")) == []


def test_more_than_one_page(s3, store):
    s3.objects = {f"rollouts/r1/verdicts/{i:08}.jsonl": b"%d\n" % i for i in range(1, 1203)}
    assert list(store.kept("r1", "verdicts")) == [str(i) for i in range(1, 1203)]


def test_a_report_replaces_the_one_before(s3, store):
    store.put_report("r1", "report.html", b"old")
    assert store.put_report("r1", "report.html", b"new") == "s3://bucket/rollouts/r1/report.html"
    assert s3.objects == {"rollouts/r1/report.html": b"new"}
