"""What is forgotten goes from every place where it lies, and the proof names each with its counts."""

import gzip
import io
import json
from datetime import date, timedelta
from typing import Any

import pyarrow.parquet as pq
import pytest

from monitoring.capture.places import PLACES, place_of
from monitoring.capture.selection import Selector
from monitoring.experiments.assignment import inference_id
from monitoring.operations.quality import quality
from monitoring.operations.truth import Sources
from monitoring.quality.labels import Label
from monitoring.quality.pending import Pending, Waiting
from monitoring.quality.ports import DayCounts
from monitoring.storage.answered import AnsweredTables
from monitoring.storage.quality_book import QualityBook
from monitoring.storage.truth import TruthFolder
from release.domain.experiment import Experiment
from release.domain.forgotten import Forgotten
from release.domain.ledger import Opened, Subject
from release.domain.pins import Pins
from tests.monitoring.capture.forgetting import BUCKET, PLACE, ask, ledger, put
from tests.monitoring.captured import HOUR, ROW, Scene, line, rows, scores
from tests.release.scenes import ENDPOINT

pytestmark = pytest.mark.sandbox
EXPERIMENT = "0123456789ab"
THEIRS, OTHERS = inference_id(EXPERIMENT, "user-gone"), inference_id(EXPERIMENT, "user-stays")
FOLDER = f"{HOUR:%Y/%m/%d/%H}"
NEVER = date(2026, 2, 1)
LATER = HOUR + timedelta(minutes=90)


def label(name: str, row: int = 0) -> Label:
    return Label(name, row, 1, LATER, False, "file", 7, LATER)


@pytest.fixture
def watched(s3, scene: Scene) -> Scene:
    """Two callers of one experiment; monitor has read what they sent, and quality their labels."""
    asked = Experiment(outcome="booked", base=0.1, minimum=0.02)
    pins = Pins(live=scene.pin)
    subject = Subject(kind="experiment", endpoint=ENDPOINT, release=scene.pin.release, rollout=EXPERIMENT)
    scene.stage.ports().ledger.append(subject, Opened(before=pins, after=pins, experiment=asked))
    sent = [(THEIRS, ROW | {"carrier": "B6"}), (OTHERS, ROW)]
    captured = [line(rows(row), scores(0.5), name, HOUR, name).decode() + "\n" for name, row in sent]
    put(s3, f"{PLACE}/live/{FOLDER}/a.jsonl", *captured)
    scene.monitor()
    truth = [
        {"inference_id": one, "outcome": 1, "observed_at": LATER.isoformat()} for one in (THEIRS, OTHERS)
    ]
    put(
        s3, "truth/one.jsonl", *(json.dumps(one) + "\n" for one in truth), f'{{"inference_id": "{THEIRS}"}}\n'
    )
    settings = scene.stage.file.endpoints[ENDPOINT]
    told = settings.monitoring.quality.model_copy(update={"truth": f"s3://{BUCKET}/truth", "least_rows": 1})
    monitoring = settings.monitoring.model_copy(update={"quality": told})
    scene.stage.file.endpoints[ENDPOINT] = settings.model_copy(update={"monitoring": monitoring})
    scene.at(HOUR + timedelta(days=3))
    quality(scene.stage.ports(), lambda _: sources(s3), None)
    book = QualityBook(s3, BUCKET, ENDPOINT)
    waiting = tuple(Waiting(label(name, 5), LATER) for name in (THEIRS, OTHERS))
    before, tag = book.pending()
    assert book.put_pending(Pending(waiting, {HOUR: "x"}, before.troubles), tag)
    book.count(HOUR.date(), DayCounts((), (), "x"))
    book.judge(NEVER, DayCounts((), (THEIRS, OTHERS), "x"))
    return scene


def sources(s3: Any) -> Sources:
    return Sources(
        AnsweredTables(s3, BUCKET, ENDPOINT),
        TruthFolder(s3, f"s3://{BUCKET}/truth"),
        QualityBook(s3, BUCKET, ENDPOINT),
    )


def counts(done: Any) -> dict[str, int]:
    return {one.place: one.found for one in done.places if one.found}


def keys(s3: Any, prefix: str) -> list[str]:
    return [one["Key"] for one in s3.list_objects_v2(Bucket=BUCKET, Prefix=prefix).get("Contents", [])]


def body(s3: Any, key: str) -> bytes:
    return s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()


def test_all_that_monitoring_keeps_lies_in_a_place_that_is_known(s3, watched):
    found = [key.removeprefix(f"monitoring/{ENDPOINT}/") for key in keys(s3, f"monitoring/{ENDPOINT}/")]
    assert {place_of(key) for key in found} >= {"rows/", "hours/", "quality/labels/", "quality/days/"}
    assert [key for key in found if not place_of(key)] == []
    assert all(any(key.startswith(place) for key in found) for place in ("quality/quarantine/", "drift/"))


def test_a_subject_goes_from_all_that_was_made_of_its_records(s3, watched):
    done = ask(s3, watched.stage, Selector("subject", "B6", "carrier"))
    assert counts(done) == {
        "captured records": 1,
        "rows/": 1,
        "quality/labels/": 1,
        "quality/waiting.parquet": 1,
        "quality/quarantine/": 1,
        "quality/judged/": 1,
        "truth files": 2,
    }
    assert {one.place for one in done.places} >= {*PLACES} - {"watermark.json", "drift/", "again/", "lock/"}
    book = QualityBook(s3, BUCKET, ENDPOINT)
    assert [*book.held(HOUR)[0].of] == [(OTHERS, 0)]
    left, _ = book.pending()
    assert ([one.label.inference for one in left.waiting], left.against) == ([OTHERS], {HOUR: "x"})
    assert sum(sum(causes.values()) for causes in left.troubles.values()) == 1, "counts stay"
    assert book.judged()[NEVER].repeats == (OTHERS,)
    assert keys(s3, f"monitoring/{ENDPOINT}/quality/quarantine/") == []
    assert keys(s3, f"monitoring/{ENDPOINT}/quality/days/") == []
    assert keys(s3, f"monitoring/{ENDPOINT}/rows/") == []
    assert (done.owned, done.whole) == ({f"s3://{BUCKET}/truth/one.jsonl": 2}, False)
    (ended,) = [one for one in ledger(watched.stage) if isinstance(one, Forgotten)]
    assert (ended.owned, ended.unread) == (2, 0)
    proof = json.loads(body(s3, f"forgotten/{done.id}.json"))
    assert {one["place"]: one["found"] for one in proof["places"] if one["found"]} == counts(done)


def test_exposures_and_outcomes_go_by_request_and_by_key(s3, watched):
    at = LATER.isoformat()
    lines = [{"key": key, "variant": "live", "at": at} for key in ("user-gone", "user-stays")]
    put(s3, f"experiments/{EXPERIMENT}/exposures/a.jsonl", *(json.dumps(one) + "\n" for one in lines))
    put(
        s3, f"experiments/{EXPERIMENT}/outcomes/a.csv", "key,value,at\n", f"user-gone,1,{at}\n", f"x,0,{at}\n"
    )
    asked = "".join(json.dumps({"inference_id": one, "at": at}) + "\n" for one in (THEIRS, OTHERS)).encode()
    s3.put_object(
        Bucket=BUCKET, Key=f"experiments/{EXPERIMENT}/exposures/b.jsonl.gz", Body=gzip.compress(asked)
    )
    (table,) = keys(s3, f"monitoring/{ENDPOINT}/rows/")
    s3.put_object(Bucket=BUCKET, Key=f"experiments/{EXPERIMENT}/exposures/c.parquet", Body=body(s3, table))
    put(s3, "experiments/ba9876543210/exposures/a.jsonl", json.dumps(lines[0]) + "\n")
    done = ask(s3, watched.stage, Selector("inference-id", THEIRS))
    found = counts(done)
    assert (found["exposures of experiments"], found["outcomes of experiments"]) == (3, 1)
    assert json.loads(body(s3, f"experiments/{EXPERIMENT}/exposures/a.jsonl"))["key"] == "user-stays"
    assert body(s3, f"experiments/{EXPERIMENT}/outcomes/a.csv").decode() == f"key,value,at\nx,0,{at}\n"
    packed = gzip.decompress(body(s3, f"experiments/{EXPERIMENT}/exposures/b.jsonl.gz"))
    assert json.loads(packed)["inference_id"] == OTHERS
    left = pq.read_table(io.BytesIO(body(s3, f"experiments/{EXPERIMENT}/exposures/c.parquet")))
    assert left.column("inference_id").to_pylist() == [OTHERS]
    assert keys(s3, "experiments/ba9876543210/") != [], "of an experiment of nobody's here"


def test_a_day_takes_its_labels_and_exposures_and_no_other_day_s(s3, watched):
    at = [HOUR.isoformat(), (HOUR + timedelta(days=1)).isoformat()]
    lines = [json.dumps({"key": "k", "variant": "live", "at": one}) + "\n" for one in at]
    put(s3, f"experiments/{EXPERIMENT}/exposures/a.jsonl", *lines)
    book = QualityBook(s3, BUCKET, ENDPOINT)
    done = ask(s3, watched.stage, Selector("day", f"{HOUR:%Y-%m-%d}"))
    found = counts(done)
    assert found["captured records"] == 4, "those of a former version too"
    assert (found["quality/labels/"], found["quality/waiting.parquet"]) == (2, 2)
    assert found["exposures of experiments"] == 1
    assert book.held(HOUR)[0].of == {}
    assert body(s3, f"experiments/{EXPERIMENT}/exposures/a.jsonl").decode() == lines[1]
    assert keys(s3, f"monitoring/{ENDPOINT}/rows/") == []


def test_the_hours_of_what_went_are_marked_to_be_read_again(s3, watched):
    ask(s3, watched.stage, Selector("subject", "B6", "carrier"))
    (mark,) = keys(s3, f"monitoring/{ENDPOINT}/again/")
    assert json.loads(body(s3, mark)) == {"hours": [FOLDER]}
    ask(s3, watched.stage, Selector("day", "2025-12-31"))
    assert keys(s3, f"monitoring/{ENDPOINT}/again/") == [mark], "of a day nothing is left to read"
    watched.at(HOUR + timedelta(hours=2, minutes=30))
    assert [(record.hour, record.rows) for record in watched.monitor().read] == [(HOUR, 1)]
    assert keys(s3, f"monitoring/{ENDPOINT}/again/") == []


def test_rows_whose_captured_records_are_gone_go_too(s3, watched):
    s3.delete_object(Bucket=BUCKET, Key=f"{PLACE}/live/{FOLDER}/a.jsonl")
    for one in s3.list_object_versions(Bucket=BUCKET, Prefix=PLACE)["Versions"]:
        s3.delete_object(Bucket=BUCKET, Key=one["Key"], VersionId=one["VersionId"])
    done = ask(s3, watched.stage, Selector("subject", "B6", "carrier"))
    assert (counts(done)["rows/"], counts(done)["quality/labels/"]) == (1, 1)
    assert keys(s3, f"monitoring/{ENDPOINT}/rows/") == []


def test_quarantined_copies_whose_captured_records_are_gone_go_too(s3, watched):
    later = f"{HOUR + timedelta(hours=1):%Y/%m/%d/%H}"
    kept = {"cause": "x", "file": "y", "line": line(rows(ROW), scores(0.5), "e", HOUR, "copied").decode()}
    half = {**kept, "line": '{"captureData'}
    key = f"monitoring/{ENDPOINT}/quarantine/{later}/x.jsonl"
    put(s3, key, json.dumps(half) + "\n")
    done = ask(s3, watched.stage, Selector("inference-id", "copied"))
    assert (done.hours, done.unread) == ((), {f"s3://{BUCKET}/{key}": 1})
    put(s3, key, json.dumps(kept) + "\n")
    done = ask(s3, watched.stage, Selector("inference-id", "copied"))
    assert (counts(done), done.hours) == ({"quarantine/": 1}, (f"{HOUR + timedelta(hours=1):%Y-%m-%dT%H}",))
    assert keys(s3, f"monitoring/{ENDPOINT}/quarantine/") == []


def test_a_folder_that_nobody_named_and_what_cannot_be_read_are_told(s3, watched):
    put(s3, f"monitoring/{ENDPOINT}/news/a.json", "{}")
    put(s3, f"experiments/{EXPERIMENT}/outcomes/a.xlsx", "what is this")
    done = ask(s3, watched.stage, Selector("inference-id", "nobody"))
    assert (done.records, done.whole) == (0, False)
    assert done.unread == {
        f"s3://{BUCKET}/monitoring/{ENDPOINT}/news/a.json": 1,
        f"s3://{BUCKET}/experiments/{EXPERIMENT}/outcomes/a.xlsx": 1,
    }
    assert json.loads(body(s3, f"forgotten/{done.id}.json"))["unread"] == done.unread
