"""Promise 3 for a cleanup: whatever is there and whatever is named, the ways back stay whole."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from release.domain import names, plan
from release.domain.cleanup import Kind, Named, Needs, Thing, oldest, sort
from release.domain.pins import Pins, ReleasePin
from release.domain.plan import ConfigPlan, Split
from tests.release.examples import pin

STAGE, ENDPOINTS = "prod", ("delays", "fares")
NOW = datetime(2026, 1, 1, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=400)
BOUND = oldest(NOW, 7)
RELEASES = [f"{digit}{'0' * 11}" for digit in "abcdef0"]

PINS = st.builds(
    pin,
    st.sampled_from(RELEASES),
    capacity=st.integers(1, 2),
    type=st.sampled_from(["ml.m7i.large", "ml.c7i.large"]),
)
MAYBE = st.none() | PINS
STAGE_PINS = st.builds(
    lambda live, candidate, previous: Pins(
        live=live, candidate=candidate, previous=previous if live else None
    ),
    MAYBE,
    MAYBE,
    MAYBE,
)
NAMED = st.builds(Named, st.sampled_from(ENDPOINTS), st.just("pinned"), STAGE_PINS)


def config_thing(config: ConfigPlan, made: datetime = LONG_AGO) -> Thing:
    models = {(Kind.MODEL, variant.model_name) for variant in (*config.production, *config.shadow)}
    return Thing(Kind.CONFIG, config.name, made, frozenset(models))


def of_pin(endpoint: str, found: ReleasePin, stage: str = STAGE, made: datetime = LONG_AGO) -> list[Thing]:
    """Everything that a release has in a stage."""
    content = frozenset({(Kind.IMAGE, found.digest), (Kind.ARTIFACT, found.sha256)})
    return [
        config_thing(plan.config_plan(stage, endpoint, found), made),
        Thing(Kind.MODEL, plan.model_plan(stage, endpoint, found).name, made, content),
        Thing(Kind.RELEASE, found.release, made, content),
        Thing(Kind.ARTIFACT, found.sha256, made),
        Thing(Kind.IMAGE, found.digest, made, tags=(names.release_tag(found.release),)),
    ]


def keys(things: list[Thing]) -> set[tuple[Kind, str]]:
    return {thing.key for thing in things}


def goes(held, named=(), serving=None, opened=()) -> set[tuple[Kind, str]]:
    """What may go."""
    return {
        thing.key for thing in sort(STAGE, ENDPOINTS, held, Needs(named, serving or {}, opened), BOUND).goes
    }


@st.composite
def stages(draw):
    """A stage with all kinds of things in it, pins of today, of the ledger and of a rollout; what serves."""
    everything = [
        thing
        for endpoint in ENDPOINTS
        for release in RELEASES
        for capacity in (1, 2)
        for type_ in ("ml.m7i.large", "ml.c7i.large")
        for thing in of_pin(endpoint, pin(release, capacity=capacity, type=type_))
    ]
    live, candidate = draw(PINS), draw(PINS)
    beside = plan.beside_plan(STAGE, "delays", live, candidate, Split(draw(st.sampled_from([5, 50]))))
    everything.append(config_thing(beside))
    held = {thing.key: thing for thing in everything}
    missing = draw(st.sets(st.sampled_from(sorted(held)), max_size=6))
    young = draw(st.sets(st.sampled_from(sorted(held)), max_size=6))
    things = [replace(t, made=NOW) if key in young else t for key, t in held.items() if key not in missing]
    configs = [thing for thing in things if thing.kind is Kind.CONFIG]
    serving = {
        f"{number}": {thing.key, *thing.uses}
        for number, thing in enumerate(draw(st.sets(st.sampled_from(configs), max_size=2)))
    }
    return things, draw(st.lists(NAMED, max_size=5)), serving, young


@given(stages())
def test_whatever_a_way_back_or_an_endpoint_needs_stays(found):
    held, named, serving, young = found
    gone = goes(held, named, serving)
    things = {thing.key: thing for thing in held}
    for one in named:
        for wanted in one.pins.named:
            assert gone.isdisjoint(keys(of_pin(one.endpoint, wanted))), "a pinned release cannot serve again"
    for used in serving.values():
        for key in used:
            assert key not in gone, "something serves and was deleted"
            assert gone.isdisjoint(things[key].uses if key in things else ())
    for key in young & things.keys():
        assert gone.isdisjoint({key, *things[key].uses}), "something on its way in was deleted"
    for key in things.keys() - gone:
        assert gone.isdisjoint(things[key].uses), "what stays uses something that goes"


@given(stages())
def test_once_more_there_is_nothing_left_to_go(found):
    held, named, serving, _ = found
    gone = goes(held, named, serving)
    assert goes([thing for thing in held if thing.key not in gone], named, serving) == set()


@given(stages(), NAMED)
def test_who_names_more_deletes_no_more(found, more):
    held, named, serving, _ = found
    assert goes(held, [*named, more], serving) <= goes(held, named, serving)


def test_what_nobody_names_goes_altogether_in_the_order_of_use():
    old, live = of_pin("delays", pin("a" * 12)), of_pin("delays", pin("b" * 12))
    named = [Named("delays", "pinned", Pins(live=pin("b" * 12)))]
    found = sort(STAGE, ENDPOINTS, [*reversed(old), *live], Needs(named, {}), BOUND)
    assert [thing.kind for thing in found.goes] == list(Kind)
    assert keys(list(found.goes)) == keys(old)
    assert {stays.why for stays in found.stays} == {"pinned: live of delays"}
    assert len(found.stays) == len(live)


def test_a_fleet_that_nobody_names_goes_and_its_release_stays():
    other = pin("a" * 12, capacity=9)
    old = plan.config_plan(STAGE, "delays", other)
    named = [Named("delays", "pinned", Pins(live=pin("a" * 12)))]
    assert goes([config_thing(old), *of_pin("delays", pin("a" * 12))], named) == {(Kind.CONFIG, old.name)}


@pytest.mark.parametrize(
    ("endpoint", "stage"),
    [("delays", "dev"), ("elsewhere", STAGE), ("delays-prod", STAGE), ("my-delays", STAGE)],
)
def test_what_is_not_this_stages_stays_with_all_that_it_uses_and_is_not_listed(endpoint, stage):
    """A stage file may be older than an endpoint that somebody added."""
    held = of_pin(endpoint, pin("a" * 12), stage)
    found = sort(STAGE, ENDPOINTS, held, Needs([], {}), BOUND)
    kinds = {thing.kind for thing in found.goes}
    assert Kind.CONFIG not in kinds
    assert kinds.isdisjoint({Kind.MODEL, Kind.ARTIFACT, Kind.IMAGE})
    assert Kind.CONFIG not in {stays.thing.kind for stays in found.stays}
    assert (Kind.RELEASE in kinds) == (stage != STAGE)


def test_of_an_endpoint_with_an_open_rollout_nothing_is_touched():
    held = of_pin("delays", pin("a" * 12)) + of_pin("fares", pin("b" * 12))
    assert goes(held, opened={"delays"}) == keys(of_pin("fares", pin("b" * 12)))


@pytest.mark.parametrize(
    ("tags", "stays"), [(("release-a",), False), (("release-a", "base"), True), ((), True)]
)
def test_an_image_that_somebody_else_tagged_or_nobody_stays(tags, stays):
    image = Thing(Kind.IMAGE, "sha256:" + "a" * 64, LONG_AGO, tags=tags)
    assert (goes([image]) == set()) is stays


def test_what_is_younger_stays_with_what_it_uses():
    young = of_pin("delays", pin("a" * 12), made=NOW)[2]
    held = [young, *of_pin("delays", pin("a" * 12))[3:]]
    assert goes(held) == set()
    assert goes([replace(young, made=LONG_AGO), *held[1:]]) == keys(held)
