"""A report is of the rollout with an id, or of the newest one, whatever its kind; it changes nothing."""

import json

import pytest

from release.domain.errors import ReleaseFailed, UsageError
from release.domain.ledger import Judged, Phase, Refused, Subject
from release.operations.promote import Order, promote
from release.operations.report import report
from release.operations.rollback import rollback
from tests.release.scenes import begin, opened, serving

VERDICT = {
    "decision": "HOLD",
    "because": "PASS waits for 300 more requests of the candidate",
    "seconds": 5.0,
    "requests": 0,
    "live_requests": 0,
    "reasons": [],
    "set_aside": {},
}


@pytest.fixture
def past(project, told, dev):
    """A promotion and a rollback of it, in a stage that had a release."""
    stage = serving()
    world = project(dev, stage)
    promote(world, Order(target="prod"), told)
    rollback(world, "prod", None, told)
    stage.trouble.calls.clear()
    return stage, world


def ids(stage) -> list[str]:
    return list(dict.fromkeys(stored.entry.subject.rollout for stored in stage.ledger.stored))


def test_the_newest_by_default_and_any_by_its_id(past):
    stage, world = past
    first, second = ids(stage)
    newest = report(world, "prod").report
    assert (newest.rollout, newest.kind, newest.outcome) == (second, "rollback", "landed")
    older = report(world, "prod", first).report
    assert (older.rollout, older.kind, older.outcome) == (first, "promote", "landed")
    assert older.release == newest.before
    assert [d.what for d in older.differences if d.changed][:3] == ["release", "image", "model"]


def test_reading_changes_nothing(past):
    stage, world = past
    report(world, "prod")
    assert stage.trouble.calls == []
    assert stage.evidence.reports == {}


def test_kept_where_the_evidence_is(past):
    stage, world = past
    made = report(world, "prod", keep=True)
    name = made.report.rollout
    assert made.kept == tuple(f"s3://bucket/rollouts/{name}/report.{end}" for end in ("html", "md"))
    assert stage.evidence.reports[name, "report.html"] == made.html.encode()
    assert stage.evidence.reports[name, "report.md"] == made.markdown.encode()


def test_the_verdicts_beside_the_ledger_are_told(project):
    stage = serving()
    begin(stage, stage.pin(2))
    record = {"at": "2026-01-01T00:01:00+00:00", "step": 1, "share": 5, "verdict": VERDICT}
    judged = Judged(
        step=1,
        share=5,
        decision="HOLD",
        because="PASS waits for any request",
        seconds=5.0,
        requests=0,
        live_requests=0,
        windows=7,
        sha256="e" * 64,
    )
    stage.ledger.append(stage.ledger.stored[0].entry.subject, judged)
    cut_off = json.dumps(record)[:40]
    stage.evidence.objects["r1", "verdicts", 0] = [json.dumps(record), cut_off, "[]"]
    stage.evidence.objects["r2", "verdicts", 0] = [json.dumps(record)]
    found = report(project(stage), "prod").report
    assert [watched.verdicts for watched in found.watched] == [1]
    assert [(d.share, d.windows) for d in found.decided] == [(5, 7)]
    assert (found.outcome, found.stands_at) == ("open", "opened")
    assert opened(stage).phase is Phase.OPENED


def test_a_refusal_is_no_rollout(past):
    stage, world = past
    subject = Subject(kind="promote", endpoint="delays", release="81bb02aa6f10", rollout="")
    stage.ledger.append(subject, Refused(reasons=("auc: too low",)))
    assert report(world, "prod").report.kind == "rollback"


def test_one_that_was_taken_back(project, told, dev):
    stage = serving()
    stage.sagemaker.answer = b'{"predictions": [0.1]}'
    with pytest.raises(ReleaseFailed):
        promote(project(dev, stage), Order(target="prod"), told)
    found = report(project(dev, stage), "prod")
    assert found.report.outcome == "reverted"
    assert found.report.reason
    assert found.report.reason in found.html.replace("&#x27;", "'").replace("&quot;", '"')


def test_a_release_whose_manifest_is_gone_is_still_told(past):
    stage, world = past
    stage.artifacts.manifests.clear()
    rows = {d.what: d for d in report(world, "prod").report.differences}
    assert rows["evidence"].before == "its manifest is not in the stage"


@pytest.mark.parametrize(
    ("rollout", "endpoint", "words"),
    [("nosuch", None, "no rollout nosuch"), (None, "fares", "no rollout yet of fares")],
)
def test_what_is_not_there_is_said_with_a_way_on(past, follow, rollout, endpoint, words):
    _, world = past
    with pytest.raises(UsageError, match=words) as caught:
        report(world, "prod", rollout, endpoint)
    assert follow.all_of(world, caught.value) == [0]


def test_a_stage_without_a_ledger_has_none(past):
    stage, world = past
    stage.ledger.there = False
    with pytest.raises(UsageError, match="no rollout yet"):
        report(world, "prod")
