"""Who is told of findings, how often, and what a process that dies leaves to the next one."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.alerts.kept import Look
from release.domain.ledger import Subject
from release.domain.manifest import GateResult
from release.domain.noticed import NoLonger, Noticed
from release.domain.occasions import Occasion
from release.domain.retrained import Asked, Ended, Trained, TrainingWindow
from release.domain.stage import RetrainSettings
from release.operations.history import history
from tests.fakes.findings import Stage, at, finding
from tests.fakes.trouble import Crash, crash
from tests.release.scenes import serving


@pytest.fixture
def stage() -> Stage:
    return Stage(serving())


def test_a_finding_is_told_once_however_often_it_is_noticed(stage):
    for hour in range(1, 6):
        stage.note(hour)
        stage.tell()
    assert (stage.ear.said, stage.entries) == (["Opened"], ["finding-opened"])
    assert stage.shelf.findings.open()[0].notices == ()


def test_a_severity_that_grows_is_one_event_more_and_a_closing_the_last(stage):
    stage.note(1)
    stage.tell()
    stage.note(2, 3, severity="critical")
    stage.tell()
    stage.shelf.findings.close(stage.shelf.findings.open()[0].id, "seen")
    stage.tell()
    assert stage.ear.said == ["Opened", "Escalated", "Closed"]
    assert stage.entries == ["finding-opened", "finding-escalated", "finding-closed"]
    [*_, closed] = stage.ear.heard
    assert closed.detail["closed"]["reason"] == "seen"
    assert stage.stage.ledger.stored[-1].entry.subject.release == stage.live


def test_a_bus_that_fails_loses_nothing_and_is_told_of_with_words(stage):
    stage.ear.deaf = True
    stage.note(1)
    told = stage.tell()
    assert (told.waiting, list(told.failed)) == (1, ["events"])
    assert "EventBridge does not answer. The next run tells it." in stage.told.text
    assert stage.entries == ["finding-opened"]
    stage.ear.deaf = False
    assert stage.tell().notices == 1
    assert (stage.ear.said, stage.entries) == (["Opened"], ["finding-opened"])


def test_what_comes_back_soon_is_told_of_when_the_quiet_hours_are_over():
    stage = Stage(serving(), over_hours=10, quiet_hours=24)
    stage.note(1)
    stage.tell()
    _over(stage, 1, 12)
    stage.tell()
    stage.note(13)
    assert stage.tell().waiting == 1
    assert (stage.ear.said, stage.entries[-1]) == (["Opened", "Closed"], "finding-opened")
    stage.shelf.hours = 25
    stage.tell()
    assert stage.ear.said == ["Opened", "Closed", "Opened"]


def test_what_comes_back_worse_waits_for_no_quiet_hours():
    stage = Stage(serving(), over_hours=10, quiet_hours=24)
    stage.note(1)
    stage.tell()
    _over(stage, 1, 12)
    stage.note(13, 14)
    stage.note(15, severity="critical")
    stage.tell()
    assert stage.ear.said == ["Opened", "Closed", "Opened"]
    assert stage.ear.heard[-1].detail["severity"] == "critical"


def test_what_comes_and_goes_within_the_quiet_hours_wakes_nobody_and_is_on_record():
    stage = Stage(serving(), over_hours=1, quiet_hours=24)
    stage.note(1)
    stage.tell()
    for hour in range(2, 20, 4):
        _over(stage, hour - 1, hour)
        stage.tell()
        stage.note(hour + 1)
        stage.tell()
    assert stage.ear.said == ["Opened", "Closed"]
    assert stage.entries.count("finding-opened") == 6
    stage.shelf.hours = 26
    stage.tell()
    assert stage.ear.said == ["Opened", "Closed", "Opened"]


def test_another_live_release_closes_it_and_says_which(stage):
    stage.note(1, release="0c77e1d2ab93")
    stage.tell()
    assert stage.ear.said == ["Opened", "Closed"]
    assert stage.ear.heard[-1].detail["closed"]["who"] == stage.live


def test_a_stage_file_that_is_not_of_today_closes_nothing(stage):
    stage.note(1)
    settings = stage.stage.file.endpoints["delays"]
    stage.stage.file.endpoints["delays"] = settings.model_copy(update={"live": stage.stage.pin(7)})
    stage.tell()
    assert stage.ear.said == ["Opened"]


def test_a_retrain_that_was_refused_is_noted_on_the_finding_which_stays_open(stage):
    stage.stage.retrain = RetrainSettings(on=("quality",))
    stage.note(1)
    kept = stage.shelf.findings.open()[0]
    subject = Subject(kind="retrain", endpoint="delays", release=stage.live, rollout="7f3a")
    window = TrainingWindow(model="boosting", data_version="flights-1", learns="months 1-7")
    occasion = Occasion(kind="finding", event=kept.asks)
    ledger = stage.stage.ledger
    person = subject.model_copy(update={"rollout": "11aa"})
    ledger.append(person, Asked(by="ann", occasion=Occasion(kind="person"), window=window, champion="a" * 64))
    ledger.append(person, Ended(outcome="worse"))
    ledger.append(subject, Asked(by="ci", occasion=occasion, window=window, champion="a" * 64))
    ledger.append(subject, Trained(sha256="b" * 64, gates=(GateResult(name="champion", passed=False),)))
    stage.tell()
    assert stage.shelf.findings.open()[0].answers == ()
    ledger.append(subject, Ended(outcome="worse", reasons=("champion: -0.06",)))
    for _ in range(2):
        stage.tell()
    (kept,) = stage.shelf.findings.open()
    assert [(one.retrain, one.outcome, one.reasons) for one in kept.answers] == [
        ("7f3a", "worse", ("champion: -0.06",))
    ]


def test_history_tells_what_became_of_a_finding(stage):
    stage.note(1)
    stage.tell()
    stage.shelf.findings.close(finding(release=stage.live).id, "a holiday")
    stage.tell()
    opened, closed = history(stage.world, "prod", 5).rollouts
    assert (opened.end, closed.end) == ("finding-opened", "finding-closed")
    assert "quality of calibration, warning" in opened.reason
    assert "by user/ann: a holiday" in closed.reason


@given(st.integers(1, 30), st.lists(st.sampled_from("nwct"), min_size=1, max_size=6))
def test_a_process_that_dies_anywhere_leaves_all_that_is_to_be_told_to_the_next_one(moment, acts):
    """n: noticed; w: noticed worse; c: closed by a person; t: told. Then a last, quiet run."""
    stage = Stage(serving(), quiet_hours=0, dismissed_days=0)
    stage.stage.trouble.plan(moment, crash)
    for hour, act in enumerate(acts, 1):
        with suppress(Crash):
            _do(stage, act, hour)
    stage.stage.trouble.plan(None, None)
    stage.tell()
    found = stage.shelf.findings.all()
    numbers = [one for kept in found for one in range(1, kept.numbered + 1)]
    assert {int(event.name.rpartition("-")[2]) for event in stage.ear.heard} == set(numbers)
    ledger = [one.entry.what for one in stage.stage.ledger.stored]
    entered = {what.notice for what in ledger if isinstance(what, Noticed | NoLonger)}
    assert entered == set(numbers)
    twice = len(stage.ear.heard) - len(numbers), len(stage.entries) - len(numbers)
    assert sum(twice) <= 1  # by the one that died
    assert all(not kept.notices for kept in found)


def _do(stage: Stage, act: str, hour: int) -> None:
    stage.shelf.hours = hour
    match act:
        case "n":
            stage.note(hour)
        case "w":
            stage.note(hour, severity="critical")
        case "t":
            stage.tell()
        case _:
            for kept in stage.shelf.findings.open():
                stage.shelf.findings.close(kept.id, "seen")


def _over(stage: Stage, since: float, until: float) -> None:
    """A look that would have shown it, and did not."""
    stage.shelf.hours = until
    look = Look("delays", stage.live, ("quality",), at(since), at(until))
    assert stage.shelf.findings.note([], look).closed
