"""A subject's captured records go from every version of every file, whatever dies meanwhile, with proof."""

import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest

from model.serving.capture.redaction import hashed
from monitoring.capture.selection import Selector
from monitoring.storage.erasure import Erasure
from monitoring.storage.quality_book import QualityBook
from release.domain.capture import Capture
from release.domain.errors import ServiceError, UsageError
from release.domain.forgotten import Forgetting, Forgotten
from tests.fakes.trouble import Crash
from tests.fakes.world import FakeStage
from tests.model.serving.capture.keeping_examples import sensitive
from tests.monitoring.capture.forgetting import (
    BUCKET,
    DAY,
    HOUR,
    KEY,
    PLACE,
    ask,
    everything,
    ledger,
    proven,
    put,
    record,
    row,
    versions,
)
from tests.monitoring.captured import HOUR as HOUR_AT
from tests.release.scenes import ENDPOINT, serving

pytestmark = pytest.mark.sandbox


def test_one_request_goes_from_every_version_and_the_ledger_proves_it(s3, stage):
    first = f"{PLACE}/live/{HOUR}/a.jsonl"
    put(s3, first, record("one", row()), record("two", row()))
    put(s3, first, record("one", row()), record("two", row()), record("three", row()))
    put(s3, f"{PLACE}/0123456789ab/{HOUR}/b.jsonl", record("two", row()))
    put(s3, f"{PLACE}/live/{HOUR}/c.jsonl", record("four", row()))
    put(s3, f"monitoring/delays/rows/{HOUR}/x.parquet", "two")
    looked = ask(s3, stage, Selector("inference-id", "two"), dry_run=True)
    assert (looked.records, looked.files, ledger(stage)) == (2, 2, [])
    assert b'"two"' in everything(s3)
    done = ask(s3, stage, Selector("inference-id", "two"))
    assert (done.records, done.files, done.versions, done.hours) == (2, 2, 4, ("2026-11-30T02",))
    left = everything(s3)
    assert b"two" not in left
    assert all(f'"{name}"'.encode() in left for name in ("one", "three", "four"))
    began, ended = ledger(stage)
    assert (began.what, began.reason, "two" in began.asked) == ("inference-id", "asked by its owner", False)
    proof = s3.get_object(Bucket=BUCKET, Key=f"forgotten/{done.id}.json")["Body"].read()
    assert ended.proof == hashlib.sha256(proof).hexdigest() == done.proof
    changes = {one["uri"]: one for one in json.loads(proof)["changes"]}
    now = s3.get_object(Bucket=BUCKET, Key=first)["Body"].read()
    assert changes[f"s3://{BUCKET}/{first}"]["after"] == hashlib.sha256(now).hexdigest()
    assert versions(s3, f"{PLACE}/0123456789ab") == []
    assert ask(s3, stage, Selector("inference-id", "two")).records == 0


def test_what_stays_keeps_the_key_that_it_was_encrypted_with(s3, stage, sandbox):
    own = sandbox.client("kms").create_key()["KeyMetadata"]["Arn"]
    encrypted, plain = f"{PLACE}/live/{HOUR}/a.jsonl", f"{PLACE}/live/{HOUR}/b.jsonl"
    body = (record("one", row()) + record("two", row())).encode()
    s3.put_object(Bucket=BUCKET, Key=encrypted, Body=body, ServerSideEncryption="aws:kms", SSEKMSKeyId=own)
    put(s3, plain, body.decode())
    assert ask(s3, stage, Selector("inference-id", "two")).files == 2
    assert s3.head_object(Bucket=BUCKET, Key=encrypted).get("SSEKMSKeyId") == own
    assert "SSEKMSKeyId" not in s3.head_object(Bucket=BUCKET, Key=plain)


def test_a_subject_is_found_as_it_is_and_by_its_hash_in_any_format(s3, stage):
    key = f"{PLACE}/live/{HOUR}/a.jsonl"
    stays = record("stays", row(shape="flat"))
    put(
        s3,
        key,
        record("plain", row(shape="round")),
        record("hashed", row(shape=hashed(KEY, "shape", "round"))),
        record("csv", "colour,shape,size,weight\nred,round,1,2\n", "text/csv"),
        record("unnamed", json.dumps({"instances": [["red", "round", 1, 2]]})),
        record("odd", "<xml/>", "text/xml"),
        stays,
    )
    done = ask(s3, stage, Selector("subject", "round", "shape"))
    assert (done.records, done.unread) == (4, {f"s3://{BUCKET}/{key}": 1})
    left = s3.get_object(Bucket=BUCKET, Key=key)["Body"].read().decode()
    assert left.splitlines(keepends=True) == [record("odd", "<xml/>", "text/xml"), stays]


@pytest.mark.parametrize("value", ["1e39", "1e400", "nan", "inf", "-Infinity", "1_000", "x" * 100_000])
def test_a_number_that_no_record_can_hold_is_refused(s3, stage, value):
    with pytest.raises(UsageError, match="size is a number") as refused:
        ask(s3, stage, Selector("subject", value, "size"))
    assert len(str(refused.value)) < 1000
    assert ledger(stage) == []


def test_a_dry_run_changes_nothing_in_the_bucket(s3, stage):
    s3.delete_object(Bucket=BUCKET, Key="capture-secret/key")
    put(s3, f"{PLACE}/live/{HOUR}/a.jsonl", record("one", row(shape="round")))
    before = versions(s3, "")
    assert ask(s3, stage, Selector("subject", "round", "shape"), dry_run=True).records == 1
    assert versions(s3, "") == before


def test_a_file_that_is_written_anew_stays_encrypted_described_and_tagged_as_it_was(s3, stage):
    key = f"{PLACE}/live/{HOUR}/a.jsonl"
    owned = "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555"
    s3.put_object(
        Bucket=BUCKET,
        Key=key,
        Body=(record("gone", row()) + record("stays", row())).encode(),
        ServerSideEncryption="aws:kms",
        SSEKMSKeyId=owned,
        ContentType="application/jsonlines",
        Metadata={"writer": "sagemaker"},
        Tagging="class=personal&of=a%20b",
    )
    ask(s3, stage, Selector("inference-id", "gone"))
    now = s3.get_object(Bucket=BUCKET, Key=key)
    assert b"stays" in now["Body"].read()
    assert (now["ServerSideEncryption"], now["SSEKMSKeyId"]) == ("aws:kms", owned)
    assert (now["ContentType"], now["Metadata"]) == ("application/jsonlines", {"writer": "sagemaker"})
    tags = s3.get_object_tagging(Bucket=BUCKET, Key=key)["TagSet"]
    assert {tag["Key"]: tag["Value"] for tag in tags} == {"class": "personal", "of": "a b"}


def test_files_of_a_bucket_without_versions_are_written_anew_with_their_tags(s3):
    s3.create_bucket(Bucket="unversioned")
    stage = serving(schema=sensitive(), capture=Capture(percent=100, to="s3://unversioned/kept"))
    key = f"kept/delays-prod/live/{HOUR}/a.jsonl"
    both = (record("gone", row()) + record("stays", row())).encode()
    s3.put_object(Bucket="unversioned", Key=key, Body=both, Tagging="class=personal")
    assert ask(s3, stage, Selector("inference-id", "gone")).records == 1
    assert s3.get_object(Bucket="unversioned", Key=key)["Body"].read() == record("stays", row()).encode()
    tags = s3.get_object_tagging(Bucket="unversioned", Key=key)["TagSet"]
    assert tags == [{"Key": "class", "Value": "personal"}]


@pytest.mark.parametrize(("column", "said"), [("weight", "dropped"), ("nobody", "no feature")])
def test_what_cannot_be_found_by_is_refused(s3, stage, column, said):
    with pytest.raises(UsageError, match=said) as refused:
        ask(s3, stage, Selector("subject", "1", column))
    assert "--inference-id" in str(refused.value.next_step)
    assert ledger(stage) == []


def test_a_day_goes_with_all_that_was_made_of_it_and_no_other(s3, stage):
    put(s3, f"{PLACE}/live/{HOUR}/a.jsonl", record("one", row()))
    put(s3, f"{PLACE}/live/2026/11/29/23/a.jsonl", record("before", row()))
    put(s3, f"monitoring/delays/hours/{HOUR}.json", "counts of one")
    s3.delete_object(Bucket=BUCKET, Key=f"{PLACE}/live/{HOUR}/a.jsonl")
    done = ask(s3, stage, Selector("day", DAY))
    assert done.records == 1, "a former version counts, and the mark of its deletion goes too"
    assert b"one" not in everything(s3)
    assert b"before" in everything(s3)
    assert ledger(stage)[0].asked == DAY


@pytest.mark.kill
def test_one_that_dies_while_it_deletes_is_finished_by_the_same_order(s3, stage):
    assert dies_and_is_finished(s3, stage, 6)


@pytest.mark.kill
@pytest.mark.long
def test_one_that_dies_anywhere_is_finished_by_the_same_order(s3, stage):
    moment = 1
    while dies_and_is_finished(s3, stage, moment):
        moment += 1
    assert moment > 6


def dies_and_is_finished(s3: Any, stage: FakeStage, moment: int) -> bool:
    """Whether a deletion that dies at its `moment`-th change comes so far; its order then finishes it."""
    for name in "ab":
        put(s3, f"{PLACE}/live/{HOUR}/{name}.jsonl", record("gone", row()), record("stays", row()))
    dying, before = Dying(s3, moment), proven(stage)
    try:
        ask(dying, stage, Selector("inference-id", "gone"))
    except Crash:
        whole = proven(stage) > before
        done = ask(s3, stage, Selector("inference-id", "gone"))
        assert b'"gone"' not in everything(s3)
        entries = ledger(stage)
        assert isinstance(entries[-1], Forgotten)
        began = [one for one in entries if isinstance(one, Forgetting) and one.id == done.id]
        assert len(began) == 1, f"died at {moment}"
        assert (done.records, done.files) == ((0, 0) if whole else (2, 2)), f"died at {moment}"
        return True
    return False


class Dying:
    """A client of S3 whose process dies before its `moment`-th change, and changes nothing more."""

    def __init__(self, s3: Any, moment: int) -> None:
        self._s3, self._left = s3, moment

    def __getattr__(self, name: str) -> Any:
        if name in ("put_object", "delete_object"):
            self._left -= 1
            if self._left <= 0:
                raise Crash
        return getattr(self._s3, name)


class Meanwhile:
    """A client of S3 that lets another process work just before its first call of this name."""

    def __init__(self, s3: Any, before: str, work: Callable[[], None]) -> None:
        self._s3, self._before, self._work = s3, before, work
        self.worked = False

    def __getattr__(self, name: str) -> Any:
        if name == self._before and not self.worked:
            self.worked = True
            self._work()
        return getattr(self._s3, name)


def test_what_was_read_before_a_deletion_keeps_it_from_beginning(s3, scene):
    """A reading holds the record in memory, and is about to write its rows."""

    def forgetting() -> None:
        with pytest.raises(ServiceError, match="A reading of delays is at work"):
            ask(s3, scene.stage, Selector("inference-id", "gone"))

    scene.s3 = meanwhile = Meanwhile(s3, "upload_file", forgetting)
    scene.monitor()
    assert meanwhile.worked
    assert ledger(scene.stage) == []
    done = ask(s3, scene.stage, Selector("inference-id", "gone"))
    assert (done.records, done.hours) == (1, (f"{HOUR_AT:%Y-%m-%dT%H}",))
    made = [key for key, _ in versions(s3, "monitoring/delays/") if f"{HOUR_AT:%Y/%m/%d/%H}" in key]
    assert made == [], "neither rows nor counts of its hour"


def test_nothing_is_read_while_records_are_forgotten(s3, scene):
    def reading() -> None:
        with pytest.raises(ServiceError, match="being forgotten"):
            scene.monitor()

    meanwhile: Any = Meanwhile(s3, "delete_object", reading)
    ask(meanwhile, scene.stage, Selector("inference-id", "gone"))
    assert meanwhile.worked
    assert [record.rows for record in scene.monitor().read] == [1, 0]


def test_quality_and_forgetting_do_not_work_at_once(s3):
    book = QualityBook(s3, BUCKET, ENDPOINT)
    with book.working():
        with pytest.raises(ServiceError, match="A look at quality of delays is at work"):
            with Erasure(s3, BUCKET).alone(ENDPOINT, "an order"):
                pytest.fail("it began")
    with Erasure(s3, BUCKET).alone(ENDPOINT, "an order"):
        with pytest.raises(ServiceError, match="being forgotten"), book.working():
            pytest.fail("it began")
