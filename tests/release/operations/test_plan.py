"""Plan: what would be done, what names it, and that nothing changes by asking."""

import pytest

from release.domain.errors import ApplyFailed, ServiceError, UsageError
from release.domain.ledger import Closed, End
from release.domain.pins import EndpointSettings
from release.domain.plan import config_plan, model_plan
from release.domain.planned import Change, Deed, Source, exit_code
from release.operations.plan import plan
from release.report import planned as report
from tests.release.scenes import ENDPOINT, begin, pins_now, serving, sure

MODEL, CONFIG = "aws:sagemaker/model:Model", "aws:sagemaker/endpointConfiguration:EndpointConfiguration"


@pytest.fixture(autouse=True)
def nothing_changes(prod):
    """Whatever is asked, nothing is written, moved or made."""
    yield
    assert {"write", "up", "UpdateEndpoint", "DeleteEndpoint"}.isdisjoint(prod.trouble.calls)


def lost(pin, kind=CONFIG):
    """That the config, or the model, of a pin of prod is deleted."""
    made = config_plan if kind == CONFIG else model_plan
    return Change(Deed.DELETE, kind, made("prod", ENDPOINT, pin).name)


def roles(found):
    return [(one.role, one.source) for touch in found.touched for one in touch.named_by]


def test_a_stage_that_is_as_its_data_says_has_nothing_to_change(project, prod, told):
    (found,) = plan(project(prod), [], None, told)
    assert (found.changes, found.touched, found.failure, exit_code([found])) == ((), (), None, 0)
    assert "prod" in told.text


def test_stages_come_in_their_order_or_as_asked_for(project, dev, staging, prod, told):
    world = project(dev, staging, prod)
    assert [found.stage for found in plan(world, [], None, told)] == ["dev", "staging", "prod"]
    assert [found.stage for found in plan(world, ["prod", "dev"], None, told)] == ["prod", "dev"]
    with pytest.raises(UsageError, match="no stage 'qa'"):
        plan(world, ["qa"], None, told)


def test_a_previous_that_was_taken_from_the_file_is_missed_by_the_ledger(project, prod, told):
    """The file names it no more, so pulumi would delete it: the last rollout left it as the way back."""
    pins = pins_now(prod)
    begun = begin(prod, prod.pin(2))
    prod.ledger.append(begun.subject, Closed(event=End.REVERTED))
    prod.file.endpoints[ENDPOINT] = prod.file.endpoints[ENDPOINT].model_copy(update={"previous": None})
    prod.stack.previewed = [lost(sure(pins.previous)), lost(sure(pins.previous), MODEL)]
    (found,) = plan(project(prod), [], None, told)
    assert roles(found) == [("previous", Source.LEDGER)] * 2
    assert exit_code([found]) == 1
    assert "In prod something that a pin names" in report.markdown([found])


def test_an_open_rollout_keeps_what_it_began_with(project, prod, told):
    pins = pins_now(prod)
    begin(prod, prod.pin(2))
    prod.file.endpoints[ENDPOINT] = prod.file.endpoints[ENDPOINT].model_copy(update={"previous": None})
    prod.stack.previewed = [lost(sure(pins.previous))]
    (found,) = plan(project(prod), [], None, told)
    assert roles(found) == [("previous", Source.ROLLOUT)]


def test_an_endpoint_that_the_file_forgot_is_remembered_by_the_ledger(project, prod, told):
    pins = pins_now(prod)
    begun = begin(prod, prod.pin(2))
    prod.ledger.append(begun.subject, Closed(event=End.REVERTED))
    prod.file.endpoints = {"fares": EndpointSettings()}
    prod.stack.previewed = [lost(sure(pins.live), MODEL)]
    (found,) = plan(project(prod), [], None, told)
    assert roles(found) == [("live", Source.LEDGER)]


def test_what_no_pin_names_may_go(project, prod, told):
    prod.stack.previewed = [lost(prod.pin(7)), lost(prod.pin(7), MODEL)]
    (found,) = plan(project(prod), [], None, told)
    assert (len(found.changes), found.touched, exit_code([found])) == (2, (), 0)


def test_a_stage_that_was_never_made_is_no_failure(project, prod, told):
    prod.stack.previewed = None
    prod.ledger.there = False
    (found,) = plan(project(prod), [], None, told)
    assert (found.made, exit_code([found])) == (False, 0)
    assert "nothing is there yet" in report.markdown([found])


def test_a_stage_that_cannot_be_asked_does_not_hide_the_others(project, staging, prod, told):
    staging.stack.previewed = ApplyFailed("pulumi failed", "", "Correct the cause.")
    prod.stack.previewed = [Change(Deed.CREATE, MODEL, "delays-prod-new")]
    world = project(staging, prod)
    plans = plan(world, [], None, told)
    assert [found.failure is None for found in plans] == [False, True]
    assert len(plans[1].changes) == 1
    assert exit_code(plans) == 4
    text = report.markdown(plans)
    assert "staging could not be asked" in text
    assert "Correct the cause" in text


def test_a_ledger_that_cannot_be_read_is_no_pass(project, prod, told, monkeypatch):
    def unreadable():
        raise ServiceError("AccessDenied")

    monkeypatch.setattr(prod.ledger, "all_open", unreadable)
    (found,) = plan(project(prod), [], None, told)
    assert found.failure is not None
    assert exit_code([found]) == 4


def test_pins_are_compared_with_another_revision(project, prod, told):
    world, pins = project(prod), pins_now(prod)
    before = serving(3, 0).file.endpoints
    world.revisions["main"] = {"prod": before}
    (found,) = plan(world, [], "main", told)
    assert [(change.role, change.after) for change in found.pins] == [
        ("live", sure(pins.live).release),
        ("previous", sure(pins.previous).release),
    ]
    world.revisions["older"] = {}
    (found,) = plan(world, [], "older", told)
    assert [change.before for change in found.pins] == [None, None]


def test_markdown_lists_changes_and_is_no_markup_of_somebody_elses(project, prod, told):
    prod.stack.previewed = [Change(Deed.REPLACE, MODEL, f"m{number}", ("image",)) for number in range(60)]
    text = report.markdown(plan(project(prod), [], None, told))
    assert "| prod | 0 | 0 | 60 | 0 | 0 |" in text
    assert "± Model m0 (image)" in text
    assert "and 10 more" in text
    failed = ServiceError("[x](https://bad) @all", "", "")
    prod.stack.previewed = failed
    text = report.markdown(plan(project(prod), [], None, told))
    assert "[x](" not in text
    assert "@all" not in text
