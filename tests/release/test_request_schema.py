"""What a candidate breaks of live's promise, by the two schemas alone."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.service.service import Delays
from model.serving.formats.media import READ
from release.domain import gates, request_schema
from release.domain.request_schema import compare
from tests.release.examples import NEW


def feature(name: str, kind: str = "number", nullable: bool = False, description: str = "") -> dict[str, Any]:
    return {"name": name, "kind": kind, "nullable": nullable, "description": description}


def schema(*features: dict[str, Any], service: str = "delays", **output: Any) -> dict[str, Any]:
    answer = {"name": "late", "kind": "probability"} | output
    return {"service": service, "features": list(features), "output": answer}


CARRIER, HOUR, SEATS = feature("carrier", "category"), feature("hour"), feature("seats", nullable=True)
LIVE = schema(CARRIER, HOUR, SEATS)


@pytest.mark.parametrize(
    ("candidate", "why"),
    [
        (schema(CARRIER, HOUR, SEATS, feature("wind")), "wind is new, and has to be in each request"),
        (schema(CARRIER, HOUR), "seats is gone, and a request that holds it is refused"),
        (schema(CARRIER, feature("hours"), SEATS), "hour is called hours"),
        (schema(CARRIER, feature("hour", "category"), SEATS), "hour is a category, and was a number"),
        (schema(CARRIER, HOUR, feature("seats")), "seats must not be missing any more"),
        (schema(HOUR, CARRIER, SEATS), "its features are in another order"),
        (
            schema(CARRIER, HOUR, SEATS, service="arrivals"),
            "it is a model of arrivals, live is one of delays",
        ),
        (
            schema(feature("radius"), service="tumours"),
            "another service's model: tumours reads none of the 3",
        ),
        (schema(CARRIER, HOUR, SEATS, name="early"), "its answer is early, and was late"),
        (schema(CARRIER, HOUR, SEATS, kind="minutes"), "its answer is minutes, and was a probability"),
        ({"service": "delays"}, "does not say which features it reads"),
        ({"features": "carrier"}, "does not say which features it reads"),
    ],
)
def test_what_refuses_what_live_accepts_is_named(candidate, why):
    found = compare(LIVE, candidate)
    assert len(found.broken) == 1
    assert why in found.broken[0]
    refused = request_schema.gate(found, known=False)
    assert not refused.passed
    step = gates.next_step([refused], NEW, "prod")
    assert "in the entry of prod" in step
    assert f'callers_know: ["{NEW}"]' in step
    passed = request_schema.gate(found, known=True)
    assert passed.passed
    assert why in passed.reason


def test_a_renamed_feature_is_known_by_its_description_too():
    old = schema(CARRIER, feature("dep_minute", description="scheduled departure"))
    new = schema(CARRIER, feature("leaves", description="scheduled departure"))
    assert compare(old, new).broken == ("dep_minute is called leaves",)


def test_a_feature_that_may_be_left_out_breaks_nothing_and_is_said():
    found = compare(LIVE, schema(CARRIER, HOUR, SEATS, feature("wind", nullable=True)))
    assert found.broken == ()
    assert found.gained == ("wind, which may be left out (rows without names need 4 values from now on)",)
    assert request_schema.gate(found, known=False).reason == (
        "it accepts every request with names that live accepts; rows without names need 4 values from now on"
    )
    named = compare(LIVE, schema(CARRIER, HOUR, SEATS, feature("wind", nullable=True)), named_only=True)
    assert named.gained == ("wind, which may be left out",)
    assert request_schema.gate(named, known=False).reason == "it accepts every request that live accepts"


def test_a_value_that_may_be_missing_from_now_on_breaks_nothing_and_is_said():
    found = compare(LIVE, schema(CARRIER, feature("hour", nullable=True), SEATS))
    assert (found.broken, found.gained) == ((), ("hour may be missing",))


def test_where_rows_need_names_their_order_means_nothing():
    assert compare(LIVE, schema(HOUR, SEATS, CARRIER), named_only=True).broken == ()


def test_what_is_live_without_features_promised_nothing():
    assert compare({}, LIVE) == compare({"features": []}, {}) == request_schema.Compared()


@pytest.mark.parametrize(
    ("classes", "why"),
    [
        (["red", "blue"], []),
        (["blue", "red"], ["its classes are blue, red, and were red, blue"]),
        (["red", "blue", "green"], ["its classes are red, blue, green, and were red, blue"]),
    ],
)
def test_classes_are_promised_in_their_order(classes, why):
    live, candidate = (
        schema(CARRIER, kind="probabilities", classes=names) for names in (["red", "blue"], classes)
    )
    assert list(compare(live, candidate).broken) == why


@pytest.mark.parametrize("live", [{"features": "carrier"}, {"features": [{"kind": "number"}]}])
def test_a_schema_of_live_that_cannot_be_read_passes_nothing(live):
    found = compare(live, LIVE)
    assert found.broken == ("what live accepts is not known: its schema cannot be read",)
    assert not request_schema.gate(found, known=False).passed


def test_words_and_examples_are_no_promise():
    new = schema(feature("carrier", "category", description="airline"), HOUR, SEATS | {"example": 3})
    assert compare(LIVE, new) == request_schema.Compared()
    assert compare(Delays().input_schema(), Delays().input_schema()).broken == ()


FEATURES = st.lists(
    st.builds(
        feature,
        st.sampled_from("abcdef"),
        st.sampled_from(["number", "category"]),
        st.booleans(),
        st.just(""),
    ),
    min_size=1,
    max_size=6,
    unique_by=lambda one: one["name"],
)


def accepts(features: list[dict[str, Any]], request: dict[str, str]) -> bool:
    """Whether a server with these features accepts a request of named values, each given by its kind."""
    known = {one["name"]: one for one in features}
    right = all(name in known and known[name]["kind"] == kind for name, kind in request.items())
    return right and all(one["nullable"] or one["name"] in request for one in features)


@given(FEATURES, FEATURES)
def test_nothing_is_broken_exactly_when_every_request_that_live_accepts_is_accepted(old, new):
    """By trying: the least and the fullest request, and each without one value that may be missing."""
    full = {one["name"]: one["kind"] for one in old}
    least = {one["name"]: one["kind"] for one in old if not one["nullable"]}
    tried = [
        full,
        least,
        *({k: v for k, v in full.items() if k != one["name"]} for one in old if one["nullable"]),
    ]
    refused = [request for request in tried if accepts(old, request) and not accepts(new, request)]
    broken = compare(schema(*old), schema(*new), named_only=True).broken
    assert bool(broken) == bool(refused), (broken, refused)


class TestWithoutFeatures:
    """A container of others need not say its features; service and content types are promised anyway."""

    JSON, CSV = "application/json", "text/csv"

    @staticmethod
    def broken(old, new):
        return compare(old, new).broken

    def test_a_content_type_that_live_takes_may_not_go(self):
        both = {"service": "churn", "content_types": [self.JSON, self.CSV]}
        one = {"service": "churn", "content_types": [self.JSON]}
        assert self.broken(both, one) == ("it takes no requests in text/csv",)
        assert self.broken(one, both) == ()

    def test_of_one_that_says_neither_features_nor_content_types_nobody_knows_which_it_takes(self):
        assert self.broken({"service": "churn", "content_types": [self.CSV]}, {"service": "churn"}) == ()
        assert self.broken({"service": "churn"}, {"service": "churn", "content_types": [self.JSON]}) == ()

    def test_ours_takes_what_its_server_takes(self):
        ours = {"service": "churn", "features": [{"name": "age", "kind": "number"}]}
        plain = {**ours, "content_types": ["text/plain", "Text/CSV; header=absent"]}
        assert self.broken(plain, ours) == ("it takes no requests in text/plain",)
        assert self.broken({"service": "churn", "content_types": ["image/png"]}, ours) == (
            "it takes no requests in image/png",
        )
        others = ", ".join(request_schema.SERVED_TYPES[1:])
        assert self.broken(ours, {**ours, "content_types": [self.JSON]}) == (
            f"it takes no requests in {others}",
        )
        assert self.broken(ours, ours) == ()
        assert self.broken(ours, {**ours, "content_types": list(request_schema.SERVED_TYPES)}) == ()
        assert set(request_schema.SERVED_TYPES) == {media.name for media in READ}

    def test_another_service_breaks_it(self):
        assert self.broken({"service": "churn"}, {"service": "fraud"}) == (
            "it is a model of fraud, live is one of churn",
        )
        assert self.broken({}, {"service": "fraud"}) == ()

    def test_one_without_features_does_not_say_what_it_reads_of_those_that_live_reads(self):
        features = [{"name": "age", "kind": "number"}]
        live = {"service": "churn", "features": features, "content_types": [self.CSV]}
        assert self.broken(live, {"service": "churn", "content_types": [self.JSON]}) == (
            "its manifest does not say which features it reads",
            "it takes no requests in text/csv",
        )
