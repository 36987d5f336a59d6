"""What a retrain learns from: the service's rule, what is asked for over it, and services without a rule."""

from collections.abc import Mapping
from typing import Any, ClassVar

import pytest

from model.contract import Option
from model.errors import ServiceError
from model.service.errors import MonthsError
from model.service.service import SERVICE
from model.skeletons.binary.service import Skeleton
from model.training.retraining import Wanted, options_of, parameters_of

LIVE = {"months": "1-6", "model": "boosting"}


class Unruled(Skeleton):
    options: ClassVar[Mapping[str, Option]] = {
        "days": Option("90", "days to learn from"),
        "half": Option("no", "half of them"),
    }


class Sliding(Unruled):
    def retrain_options(self, live: Mapping[str, Any], until: str | None) -> Mapping[str, str]:
        return {"days": f"{live['days']} until {until}"}


class Newest(Skeleton):
    def retrain_options(self, live: Mapping[str, Any], until: str | None) -> Mapping[str, str]:
        return {}


class Wrong(Unruled):
    def retrain_options(self, live: Mapping[str, Any], until: str | None) -> Mapping[str, str]:
        return {"weeks": "4", "days": "1"}


@pytest.mark.parametrize(("until", "months"), [(None, "1-10"), ("7", "1-7"), ("1", "1-1"), ("3-8", "1-8")])
def test_the_flights_window_grows_from_january_to_the_month_that_is_asked_for(until, months):
    assert options_of(SERVICE, LIVE, Wanted(until=until)) == {"months": months}


def test_an_until_that_is_no_month_is_named_as_it_was_given():
    with pytest.raises(MonthsError, match="--until 'June' names no months"):
        options_of(SERVICE, LIVE, Wanted(until="June"))


def test_what_is_asked_for_goes_before_the_rule():
    assert options_of(SERVICE, LIVE, Wanted(options={"months": "7-10"})) == {"months": "7-10"}
    asked = Wanted(options={"half": "yes"}, until="May")
    assert options_of(Sliding(), {"days": "60"}, asked) == {"days": "60 until May", "half": "yes"}


def test_a_service_whose_data_is_always_the_newest_has_a_rule_without_options():
    assert options_of(Newest(), {}, Wanted()) == {}


@pytest.mark.parametrize("service", [Unruled(), Skeleton()])
def test_a_service_without_a_rule_is_told_the_method_with_its_signature(service):
    with pytest.raises(ServiceError) as no:
        options_of(service, {}, Wanted(until="May"))
    assert "does not say what a retrain learns from" in no.value.cause
    signature = "retrain_options(self, live: Mapping[str, Any], until: str | None) -> Mapping[str, str]"
    assert signature in no.value.next_step
    assert ("or name the window: --days TEXT" in no.value.next_step) == bool(service.options)


def test_without_a_rule_the_window_may_be_named():
    assert options_of(Unruled(), {}, Wanted(options={"days": "30"})) == {"days": "30", "half": "no"}


def test_a_rule_that_names_other_options_is_told_which():
    with pytest.raises(ServiceError, match="names options that it does not have: weeks") as no:
        options_of(Wrong(), {}, Wanted())
    assert "days, half" in no.value.next_step


def test_a_rule_of_another_signature_is_told_before_anything_is_trained():
    with pytest.raises(ServiceError, match=r"retrain_options has to be retrain_options\(self, live"):
        type("Other", (Skeleton,), {"retrain_options": lambda self, until: {}})


def test_a_retrain_keeps_what_a_search_found_where_the_space_still_has_it():
    found = {"classifier__C": 0.5, "classifier__gone": 1, "classifier__max_iter": 10}
    live = {"model": "logistic", "parameters": found}
    assert parameters_of(SERVICE, live, "logistic") == {"classifier__C": 0.5}
    assert parameters_of(SERVICE, live, "boosting") == {}
    assert parameters_of(SERVICE, {"model": "logistic"}, "logistic") == {}
    assert (
        parameters_of(SERVICE, {"model": "logistic", "parameters": {"classifier__C": 99.0}}, "logistic") == {}
    )
