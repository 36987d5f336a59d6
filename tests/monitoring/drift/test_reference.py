"""A reference is read without trusting it; an older release has a sample instead, and less can be told."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.training.reference.profile import profile
from monitoring.counts import SCORE
from monitoring.drift import reference
from monitoring.drift.decide import decide, new
from monitoring.drift.reference import UnusableReference
from monitoring.drift.sample import of_sample
from monitoring.drift.state import from_json
from tests.monitoring.drift.streams import A_DAY, BEGIN, DAYS, RELEASE, Parcels, content, days, score, table

SCHEMA = json.dumps(Parcels().input_schema()).encode()


def test_what_training_wrote_is_read_as_it_was():
    found = reference.read(content())
    assert found.names == ("size", "temp", "depot", SCORE)
    assert (found.blocks, found.length) == ("days", DAYS)
    assert all(counts.sum() == DAYS * A_DAY for counts in found.counts.values())
    size = found.binnings[0]
    rows = table()["size"]
    assert size.edges[0] < rows.min()
    assert size.edges[-1] > rows.max()
    assert found.counts["size"][0].sum() == A_DAY
    assert found.counts["size"][:, [0, -2]].sum() == 0
    assert found.counts["temp"][:, -1].sum() == table()["temp"].isna().sum()
    assert found.binnings[2].categories == ("north", "south", "east", "west")
    assert found.facts["size"].missing_hour == 0
    assert found.given is not None


def _with(**changed: Any) -> bytes:
    return json.dumps({**json.loads(content()), **changed}).encode()


def _column(**changed: Any) -> bytes:
    held = json.loads(content())
    held["columns"][0].update(changed)
    return json.dumps(held).encode()


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (b"", "Invalid JSON"),
        (b"\x80\x04pickled", "Invalid JSON"),
        (b"[" * 100_000, "Invalid JSON"),
        (b"[]", "be an object"),
        (_with(format=2), "format 2"),
        (_with(blocks="weeks"), "blocks"),
        (_with(columns=[]), "columns"),
        (_with(columns=json.loads(content())["columns"][:-1]), "last column is not the number score"),
        (_with(given=[[1.0]]), "given is not of"),
        (_column(edges=[2.0, 1.0]), "do not ascend"),
        (_column(edges=[float("nan")]), "edges"),
        (_column(counts=[[1, 2]]), "number of cells"),
        (_column(counts=[[-1]]), "counts"),
        (_column(name=SCORE), "twice"),
        (_column(missing_hour=2.0), "missing_hour"),
        (b" " * (reference.LARGEST + 1), "MB"),
    ],
)
def test_what_is_no_reference_is_refused_with_the_reason(wrong, why):
    with pytest.raises(UnusableReference, match=why) as error:
        reference.read(wrong)
    assert len(str(error.value)) < 600


@given(st.binary(max_size=60), st.integers(0, 3000))
def test_damage_is_refused_or_harmless(damage, place):
    held = content()
    try:
        found = reference.read(held[:place] + damage + held[place + len(damage) :])
    except UnusableReference:
        return
    assert found.names[-1] == SCORE


def test_a_state_that_is_none_is_refused():
    for wrong in ("", "[]", '{"format": 1}', '{"format": 9}'):
        with pytest.raises(UnusableReference, match="last run"):
            from_json(wrong)


def test_a_release_without_a_reference_is_decided_by_its_sample():
    sample = table().drop(columns=["at"]).sample(2000, random_state=1).to_csv(index=False).encode()
    found = of_sample(sample, SCHEMA)
    assert (found.names, found.blocks, found.length) == (("size", "temp", "depot", SCORE), "sample", 1)
    for change, subjects in (
        (None, set()),
        (lambda r: r.assign(size=r["size"] + 30), {"size", SCORE}),
        (lambda r: r.assign(size=np.nan), {"size: missing", "size: frozen", SCORE}),
    ):
        decision = decide(found, new("parcels", RELEASE, found), _counted_by(found, change), _end(8))
        assert {each.subject for each in decision.noticed} <= subjects
        assert bool(decision.noticed) == bool(subjects)
        assert all(each.evidence.get("false_alarms_percent_a_month") is None for each in decision.noticed)
        assert "without a false-alarm rate" in decision.unknown[0]


class Guarded(Parcels):
    """The same, of which two may not be kept as they are."""

    features = tuple(
        replace(each, sensitive=how)
        for each, how in zip(Parcels.features, ("drop", None, "hash"), strict=True)
    )


def test_what_is_sensitive_is_not_watched_rather_than_missing():
    found = reference.read(profile(Guarded(), table(), score))
    assert (found.names, dict(found.unwatched)) == (("temp", SCORE), {"size": "drop", "depot": "hash"})
    assert found.given is not None
    decision = decide(found, new("parcels", RELEASE, found), _counted_by(found, None), _end(8))
    assert decision.noticed == ()
    assert decision.unknown[0].startswith(
        "Not watched: depot (hashed), size (dropped); sensitive features are"
    )


def test_where_all_is_sensitive_scores_are_watched_alone():
    class Hidden(Parcels):
        features = tuple(replace(each, sensitive="drop") for each in Parcels.features)

    found = reference.read(profile(Hidden(), table(), score))
    assert (found.names, found.given) == ((SCORE,), None)
    decision = decide(found, new("parcels", RELEASE, found), _counted_by(found, None), _end(8))
    assert decision.noticed == ()


def _counted_by(found: reference.Reference, change: Any) -> list[Any]:
    return list(days(8, 4, change, found=found))


def _end(count: int) -> Any:
    return BEGIN + timedelta(days=count)


@pytest.mark.parametrize(
    ("sample", "why"),
    [
        (b"", "no rows"),
        (b"size,score\n", "no rows"),
        (b"size,temp\n1,2\n", "no column score"),
        (b"size,score\nx,1\n", "is no number"),
        (b"\xff\xfe", "cannot be read"),
    ],
)
def test_a_sample_that_is_none_is_refused(sample, why):
    with pytest.raises(UnusableReference, match=why):
        of_sample(sample, SCHEMA)
