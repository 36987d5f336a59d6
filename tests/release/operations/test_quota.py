"""A fleet that the account may not have is refused before anything is made for it."""

import pytest

from release.domain import quotas
from release.domain.errors import UsageError
from release.domain.quotas import Quota
from release.operations.apply import apply
from release.operations.promote import Order, promote
from tests.release.scenes import begin, pins_now, serving

NAME = "ml.m7i.large for endpoint usage"


def first(**instances):
    return serving(None, None, instances={"min": 2, "max": 4, **instances})


def test_a_first_release_names_the_quota_its_value_and_how_to_ask_for_more(project, dev, told):
    prod = first()
    prod.quotas.values[NAME] = 1.0
    with pytest.raises(UsageError) as caught:
        promote(project(dev, prod), Order("prod"), told)
    said = str(caught.value)
    assert f"quota {NAME!r} is 1, and 2 instances are needed" in said
    assert "--region us-east-1 --service-code sagemaker --quota-code L-12345678 --desired-value 4" in said
    assert (prod.ledger.stored, prod.trouble.calls, pins_now(prod).named) == ([], [], ())


def test_one_that_is_just_large_enough_lets_it_pass(project, dev, told):
    prod = first()
    prod.quotas.values[NAME] = 2.0
    assert promote(project(dev, prod), Order("prod"), told).changed


@pytest.mark.parametrize("denied", ["", "AccessDenied: not authorized to perform servicequotas:ListServ"])
def test_a_quota_that_nobody_tells_is_passed_over_and_said(project, dev, told, denied):
    prod = first()
    prod.quotas.values[NAME], prod.quotas.denied = None, denied
    assert promote(project(dev, prod), Order("prod"), told).changed
    (event,) = [event for event in told.events if NAME in event.text]
    assert event.detail
    assert denied in event.text


def test_where_the_type_runs_already_nobody_asks(project, dev, prod, told):
    promote(project(dev, prod), Order("prod"), told)
    assert prod.quotas.asked == []


def test_another_type_is_asked_for_when_it_is_applied(project, told):
    prod = serving(instances={"type": "ml.c7i.large", "max": 4})
    prod.quotas.values["ml.c7i.large for endpoint usage"] = 0.0
    with pytest.raises(UsageError, match=r"ml.c7i.large for endpoint usage' is 0, and 1 instance is needed"):
        apply(project(prod), "prod", None, told)
    assert prod.sagemaker.updates == []


def test_an_open_rollout_goes_on(project, dev, told):
    prod = first()
    begin(prod, prod.pin(2))
    prod.new_process()
    prod.quotas.values[NAME] = 0.0
    assert promote(project(dev, prod), Order("prod"), told).release == prod.pin(2).release


def test_what_is_asked_for_lets_an_update_have_both_fleets():
    assert quotas.how_to_ask(Quota(NAME, "L-1", 0), 3, "eu-west-1").endswith("--desired-value 6")
