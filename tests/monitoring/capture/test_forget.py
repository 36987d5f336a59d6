"""A subject's captured records go from every version of every file, whatever dies meanwhile, with proof."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from model.serving.capture.redaction import hashed
from monitoring.capture.selection import Selector
from monitoring.operations.forget import Done, Order, forget
from monitoring.storage.erasure import Erasure
from monitoring.storage.selected import selected
from release.domain.capture import Capture
from release.domain.errors import UsageError
from release.domain.forgotten import Forgetting, Forgotten
from sandbox.testing import SandboxHandle, start
from tests.fakes.trouble import Crash
from tests.fakes.world import FakeStage, Told
from tests.model.serving.capture.keeping_examples import sensitive
from tests.release.scenes import serving

pytestmark = pytest.mark.sandbox
BUCKET = "slipway-prod"
PLACE = "capture/delays-prod"
KEY = b"k" * 32
DAY, HOUR = "2026-11-30", "2026/11/30/02"


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxHandle]:
    with start(tmp_path_factory.mktemp("sandbox") / "home") as handle:
        yield handle


@pytest.fixture
def s3(sandbox: SandboxHandle) -> Iterator[Any]:
    client = sandbox.client("s3")
    client.create_bucket(Bucket=BUCKET)
    client.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    client.put_object(Bucket=BUCKET, Key="capture-secret/key", Body=KEY)
    yield client
    for key, version in versions(client, ""):
        client.delete_object(Bucket=BUCKET, Key=key, VersionId=version)
    client.delete_bucket(Bucket=BUCKET)


@pytest.fixture
def stage() -> FakeStage:
    return serving(
        schema=sensitive(shape="hash", weight="drop"),
        capture=Capture(percent=100, to=f"s3://{BUCKET}/capture"),
    )


def versions(s3: Any, prefix: str) -> list[tuple[str, str]]:
    found = s3.list_object_versions(Bucket=BUCKET, Prefix=prefix)
    listed = [*found.get("Versions", []), *found.get("DeleteMarkers", [])]
    return [(one["Key"], one["VersionId"]) for one in listed]


def everything(s3: Any) -> bytes:
    """All that lies in the bucket, in any version, but for the proofs."""
    return b"".join(
        s3.get_object(Bucket=BUCKET, Key=one["Key"], VersionId=one["VersionId"])["Body"].read()
        for one in s3.list_object_versions(Bucket=BUCKET).get("Versions", [])
        if not one["Key"].startswith("forgotten/")
    )


def record(name: str, body: str, content_type: str = "application/json") -> str:
    side = {"observedContentType": content_type, "mode": "INPUT", "data": body, "encoding": "JSON"}
    data = {"endpointInput": side, "endpointOutput": {**side, "data": "{}", "mode": "OUTPUT"}}
    metadata = {"eventId": f"event-{name}", "inferenceId": name, "inferenceTime": "2026-11-30T02:00:00Z"}
    return json.dumps({"captureData": data, "eventMetadata": metadata, "eventVersion": "0"}) + "\n"


def row(**values: Any) -> str:
    return json.dumps({"instances": [{"colour": "red", "size": 1.0, **values}]})


def put(s3: Any, key: str, *lines: str) -> None:
    s3.put_object(Bucket=BUCKET, Key=key, Body="".join(lines).encode())


def ask(s3: Any, stage: FakeStage, selector: Selector, **order: Any) -> Done:
    told = Told()
    asked = replace(Order(selector, "asked by its owner"), **order)
    return forget(stage.ports(), Erasure(s3, BUCKET), selected, None, asked, told)


def ledger(stage: FakeStage) -> list[Any]:
    found = [one.entry.what for one in stage.ledger.stored]
    return [what for what in found if isinstance(what, Forgetting | Forgotten)]


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
    assert (done.records, done.unread) == (4, 1)
    left = s3.get_object(Bucket=BUCKET, Key=key)["Body"].read().decode()
    assert left.splitlines(keepends=True) == [record("odd", "<xml/>", "text/xml"), stays]


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
def test_one_that_dies_anywhere_is_finished_by_the_same_order(s3, stage):
    moment = 0
    while True:
        moment += 1
        for name in "ab":
            put(s3, f"{PLACE}/live/{HOUR}/{name}.jsonl", record("gone", row()), record("stays", row()))
        dying = Dying(s3, moment)
        try:
            ask(dying, stage, Selector("inference-id", "gone"))
        except Crash:
            done = ask(s3, stage, Selector("inference-id", "gone"))
            assert b'"gone"' not in everything(s3)
            entries = ledger(stage)
            assert isinstance(entries[-1], Forgotten)
            began = [one for one in entries if isinstance(one, Forgetting) and one.id == done.id]
            assert (done.records, done.files, len(began)) == (2, 2, 1), f"died at {moment}"
        else:
            break
    assert moment > 6


class Dying:
    """A client of S3 whose process dies before its `moment`-th change."""

    def __init__(self, s3: Any, moment: int) -> None:
        self._s3, self._left = s3, moment

    def __getattr__(self, name: str) -> Any:
        if name in ("put_object", "delete_object"):
            self._left -= 1
            if not self._left:
                raise Crash
        return getattr(self._s3, name)
