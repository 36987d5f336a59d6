"""Windows that come late, twice, in parts, together, under other names: the verdicts stay the same."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from release.domain.policy import Policy
from release.judge import windows
from release.judge.cells import SPANS
from release.judge.evidence import Evidence, in_order
from release.judge.judge import Block, Judge
from release.judge.verdict import Verdict
from tests.examples import repeats
from tests.release.judge.traffic import BLOCK, QUICK, START, pair, records

Records = list[dict[str, Any]]


def as_it_comes(given: Records, policy: Policy = QUICK) -> list[dict[str, Any]]:
    """The verdict after each block that is sealed while windows arrive."""
    evidence, blocks = Evidence(policy), []
    for record in given:
        evidence.add_line(json.dumps(record))
        blocks += evidence.take()
    return verdicts_of(blocks + evidence.take(finished=True), policy)


def recorded(given: Records, policy: Policy = QUICK) -> list[dict[str, Any]]:
    """The verdict after each block of recorded evidence."""
    return verdicts_of(in_order((json.dumps(record) for record in given), policy)[0], policy)


def verdicts_of(blocks: list[Block], policy: Policy) -> list[dict[str, Any]]:
    fold, found = Judge(policy), []
    for block in blocks:
        fold.add(block)
        found.append(_of(fold.verdict()))
    return found


def _of(verdict: Verdict) -> dict[str, Any]:
    return {key: value for key, value in verdict.record().items() if key != "set_aside"}


@pytest.fixture(scope="module", params=[{}, {"errors": 0.03}], ids=["equal", "failing"])
def two_workers(request: pytest.FixtureRequest) -> Records:
    """Each variant's windows, split over two workers."""
    candidate, live = pair(3, blocks=repeats(40, 26), **request.param)
    return [part for record in records(candidate, live) for part in halves(record, worker=True)]


@pytest.fixture(scope="module")
def verdicts(two_workers: Records) -> list[dict[str, Any]]:
    """What is said of those windows when nothing is wrong with them."""
    return recorded(two_workers)


def halves(record: dict[str, Any], worker: bool = False) -> Records:
    """A window as two windows of half the counts each."""
    whole = windows.parse(record).dense()
    first = np.zeros_like(whole)
    some = whole[SPANS["score"].start : SPANS["score"].stop].sum() // 2
    for name in ("requests", "clumps", "invalid", "latency", "score"):
        part = slice(SPANS[name].start, SPANS[name].stop)
        before = np.cumsum(whole[part]) - whole[part]
        first[part] = np.clip(some - before, 0, whole[part])
    return [
        windows.record(
            record["variant"],
            record["start"],
            record["end"],
            part,
            f"{record['id']}/{name}",
            f"{record['variant']}-{name}" if worker else record["worker"],
        )
        for name, part in (("a", first), ("b", whole - first))
    ]


def late(given: Records) -> Records:
    """Every window up to 20 s late, in an order of its own; the first minute in order."""
    rng = np.random.default_rng(0)
    return sorted(given, key=lambda r: r["end"] + (rng.uniform(0, 20) if r["end"] > START + 30 else 0))


def twice(given: Records) -> Records:
    return [copy for record in given for copy in (record, record)]


def in_parts(given: Records) -> Records:
    return [part for record in given for part in halves(record)]


def together(given: Records) -> Records:
    """Both workers' windows merged into one."""
    by_time: dict[tuple[str, float], windows.Window] = {}
    for record in given:
        window = windows.parse(record)
        key = (window.variant, window.start)
        by_time[key] = windows.merge(by_time[key], window) if key in by_time else window
    return [windows.record(w.variant, w.start, w.end, w.dense(), w.id, w.worker) for w in by_time.values()]


def renamed(given: Records) -> Records:
    """Instances are replaced half-way."""
    return [r | {"worker": r["worker"] + ("-new" if r["start"] > START + 100 else "")} for r in given]


def off_grid(given: Records) -> Records:
    """Clocks a second apart, fractions of it different for each window."""
    rng = np.random.default_rng(1)
    shift = {i: rng.uniform(-1, 1) for i in range(len(given))}
    return [r | {"start": r["start"] + shift[i], "end": r["end"] + shift[i]} for i, r in enumerate(given)]


def shuffled(given: Records) -> Records:
    return [given[i] for i in np.random.default_rng(2).permutation(len(given))]


def by_variant(given: Records) -> Records:
    """All of live's, then all of the candidate's, as from two files."""
    return sorted(given, key=lambda record: record["variant"], reverse=True)


CHANGES = [late, twice, in_parts, together, renamed, off_grid]


@pytest.mark.parametrize("change", [*CHANGES, shuffled, by_variant])
def test_a_verdict_on_a_record_does_not_depend_on_how_its_windows_are_cut(
    two_workers: Records, verdicts: list[dict[str, Any]], change: Callable[[Records], Records]
) -> None:
    assert recorded(change(two_workers)) == verdicts


@pytest.mark.parametrize("change", CHANGES)
def test_a_verdict_does_not_depend_on_how_windows_arrive(
    two_workers: Records, verdicts: list[dict[str, Any]], change: Callable[[Records], Records]
) -> None:
    assert as_it_comes(change(two_workers)) == verdicts


@pytest.mark.parametrize("unit", [1000.0, 1 / 64])
def test_the_unit_of_time_changes_nothing(
    two_workers: Records, verdicts: list[dict[str, Any]], unit: float
) -> None:
    seconds = {name: getattr(QUICK, name) * unit for name in Policy.model_fields if name.endswith("seconds")}
    latency = {n: getattr(QUICK.latency, n) * unit for n in ("noise_seconds", "noise_wait_seconds")}
    policy = QUICK.model_copy(update=seconds | {"latency": QUICK.latency.model_copy(update=latency)})
    scaled = [r | {"start": r["start"] * unit, "end": r["end"] * unit} for r in two_workers]
    other = recorded(scaled, policy)
    assert [v["decision"] for v in verdicts] == [v["decision"] for v in other]
    assert verdicts[-1]["reasons"] == other[-1]["reasons"]


def test_what_cannot_be_used_is_named_and_counted(two_workers: Records) -> None:
    policy = QUICK
    evidence = Evidence(policy)
    good = two_workers[:40]
    for record in [
        *good,
        good[0] | {"id": "z", "schema": "x/1"},
        good[-1],
        good[-1] | {"start": 5.0, "end": 10.0},
    ]:
        evidence.add_line(json.dumps(record))
    evidence.add_line("{")
    assert dict(evidence.set_aside) == {
        "another schema": 1,
        "duplicate": 1,
        "clock years off": 1,
        "unreadable": 1,
    }
    assert "'x/1'" in evidence.reasons["another schema"]


def test_a_window_after_its_block_was_judged_is_set_aside() -> None:
    candidate, live = pair(1, blocks=30)
    given = records(candidate, live)
    delayed = next(r for r in given if r["variant"] == "candidate")
    given.remove(delayed)
    evidence = Evidence(QUICK)
    for record in given:
        evidence.add_line(json.dumps(record))
        evidence.take()
    evidence.add_line(json.dumps(delayed))
    assert evidence.set_aside["too late"] == 1


def test_a_worker_that_is_gone_is_waited_for_only_so_long(two_workers: Records) -> None:
    """An instance that dies, or scales in, holds blocks back for the grace and no longer."""
    given = [r for r in two_workers if not (r["worker"] == "live-b" and r["start"] > START + 80)]
    evidence, seen = Evidence(QUICK), 0
    for record in given:
        evidence.add_line(json.dumps(record))
        seen += len(evidence.take())
    newest = (given[-1]["end"] - START) / BLOCK
    assert seen >= newest - 1
    assert not evidence.set_aside


def test_silence_of_a_variant_holds_blocks_for_the_grace() -> None:
    _, live = pair(1, blocks=30)
    evidence, seen = Evidence(QUICK), 0
    for record in records(np.zeros_like(live), live):
        evidence.add_line(json.dumps(record))
        seen += len(evidence.take())
    assert seen == 30 - QUICK.grace_seconds / BLOCK


def test_a_gap_of_months_is_skipped_without_making_its_blocks() -> None:
    policy = QUICK.model_copy(update={"clock_seconds": 1e9})
    candidate, live = pair(1, blocks=2)
    given = records(candidate, live)
    far = [r | {"start": r["start"] + 9e8, "end": r["end"] + 9e8, "id": r["id"] + "far"} for r in given]
    evidence = Evidence(policy)
    for record in [*given, *far]:
        evidence.add_line(json.dumps(record))
    assert len(evidence.take(finished=True)) <= 20_000


def sealed_while(given: Records) -> int:
    """How many blocks are sealed while windows come, before it is said that no more do."""
    evidence, sealed = Evidence(QUICK), 0
    for record in given:
        evidence.add_line(json.dumps(record))
        sealed += len(evidence.take())
    return sealed


def test_nobody_waits_for_a_worker_that_said_it_ends(two_workers: Records) -> None:
    """A fleet that was replaced would otherwise hold up the first verdicts on the new one."""
    half = START + 100
    going = [
        record for record in two_workers if not (record["worker"] == "live-b" and record["start"] >= half)
    ]
    gone = [
        record | ({"last": True} if record["worker"] == "live-b" and record["end"] == half else {})
        for record in going
    ]
    early = [record for record in going if record["end"] <= half + 10]
    told = [record for record in gone if record["end"] <= half + 10]
    assert sealed_while(told) == sealed_while(early) + 1
    assert sealed_while([*told, *told[-8:]]) == sealed_while(told), "what comes twice makes no worker anew"


def test_scores_in_parts_of_another_range_are_no_evidence() -> None:
    """Their bins mean other scores: beside live's they would prove anything."""
    candidate, live = pair(3, blocks=repeats(40, 26))
    given = [
        record if record["variant"] == "live" else record | {"score": record["score"] | {"range": [0, 300]}}
        for record in records(candidate, live)
    ]
    evidence = in_order((json.dumps(record) for record in given), QUICK)[1]
    assert set(evidence.set_aside) == {"scores of another range"}
    assert {verdict["decision"] for verdict in recorded(given)} == {"HOLD"}


def test_before_the_first_score_no_range_is_known() -> None:
    """A worker prints windows while it loads its model."""
    evidence = Evidence(QUICK)
    candidate, live = pair(3, blocks=repeats(40, 26))
    for record in records(candidate, live):
        empty = record | {"id": f"{record['id']} before", "score": {"bins": [], "counts": []}}
        evidence.add_line(json.dumps(empty))
        evidence.add_line(json.dumps(record | {"score": record["score"] | {"range": [0, 300]}}))
    assert not evidence.set_aside


def test_a_rollout_may_take_longer_than_a_clock_may_be_off():
    given = records(*pair(3))
    took = max(record["end"] for record in given) - min(record["start"] for record in given)
    policy = QUICK.model_copy(update={"clock_seconds": took / 4})
    evidence = Evidence(policy)
    far = given[-1] | {"id": "far", "start": given[-1]["start"] + took, "end": given[-1]["end"] + took}
    for record in [*given, far]:
        evidence.add_line(json.dumps(record))
        evidence.take()
    assert evidence.set_aside == {"clock years off": 1}
