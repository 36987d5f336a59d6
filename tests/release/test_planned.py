"""Which changes of a stack would take away what a pin names, decided without Pulumi."""

import pytest

from release.domain import planned
from release.domain.errors import ServiceError
from release.domain.pins import Capture, EndpointSettings, Instances, Pins, Proposed
from release.domain.plan import config_plan, endpoint_plan, model_plan
from release.domain.planned import LOST, Change, Deed, Named, Source, StagePlan
from tests.infra.declared import declare, stage
from tests.infra.declared import pin as declared_pin
from tests.release.examples import NEW, NEXT, OLD, pin, pins

MODEL, CONFIG = "aws:sagemaker/model:Model", "aws:sagemaker/endpointConfiguration:EndpointConfiguration"
ENDPOINT, POLICY = "aws:sagemaker/endpoint:Endpoint", "aws:iam/rolePolicy:RolePolicy"
FOUNDATION = [
    ("aws:s3/bucket:Bucket", "storage"),
    ("aws:ecr/repository:Repository", "registry"),
    ("aws:kms/key:Key", "key"),
    ("aws:iam/role:Role", "role"),
    (POLICY, "role"),
]


def named(live=NEW, previous=OLD, candidate=None, source=Source.FILE, endpoint="delays"):
    return Named(endpoint, source, pins(live, previous, candidate))


def config(release, **changes):
    return config_plan("prod", "delays", pin(release, **changes)).name


def model(release, **changes):
    return model_plan("prod", "delays", pin(release, **changes)).name


def having(found: Pins, **changes) -> EndpointSettings:
    """An endpoint with these pins."""
    return EndpointSettings(live=found.live, candidate=found.candidate, previous=found.previous, **changes)


def touched(*changes, by=None):
    return planned.touched("prod", by or [named()], changes)


def who(found):
    """Of each finding, what names it."""
    return [[(one.role, one.release, one.source) for one in touch.named_by] for touch in found]


@pytest.mark.parametrize("deed", LOST)
@pytest.mark.parametrize(("role", "release"), [("live", NEW), ("previous", OLD)])
def test_a_pinned_model_or_config_that_would_be_lost_is_named_with_its_pin(deed, role, release):
    for change in (Change(deed, MODEL, model(release)), Change(deed, CONFIG, config(release))):
        (found,) = touched(change)
        assert found.change == change
        assert who([found]) == [[(role, release, Source.FILE)]]


@pytest.mark.parametrize("deed", [Deed.CREATE, Deed.CHANGE])
def test_what_is_made_or_changed_in_its_place_is_not_lost(deed):
    kinds = [(MODEL, model(NEW)), (CONFIG, config(NEW)), (ENDPOINT, "delays-prod"), *FOUNDATION]
    assert touched(*(Change(deed, *kind) for kind in kinds)) == ()


def test_what_no_pin_names_may_go():
    alarm = Change(Deed.DELETE, "aws:cloudwatch/metricAlarm:MetricAlarm", "delays-prod-errors")
    gone = [Change(Deed.DELETE, MODEL, model(NEXT)), Change(Deed.DELETE, CONFIG, config(NEXT)), alarm]
    assert touched(*gone) == ()


def test_a_model_is_told_apart_from_another_thing_of_its_name():
    assert touched(Change(Deed.DELETE, CONFIG, model(NEW))) == ()
    assert touched(Change(Deed.DELETE, MODEL, "delays-dev-" + NEW)) == ()


@pytest.mark.parametrize("kind", FOUNDATION)
def test_what_every_release_needs_is_named_by_all_pins(kind):
    (found,) = touched(Change(Deed.REPLACE, *kind, properties=("name",)))
    assert [role for role, _, _ in who([found])[0]] == ["live", "previous"]
    assert found.next_step.startswith("Undo what changes it (name)")


@pytest.mark.parametrize("kind", FOUNDATION)
def test_a_stage_without_a_pin_may_lose_all_of_it(kind):
    assert touched(Change(Deed.DELETE, *kind), by=[named(None, None)]) == ()


def test_the_foundation_is_called_as_the_program_calls_it():
    kinds = {*FOUNDATION, (ENDPOINT, "delays-dev"), (POLICY, "delays-permissions")}
    capture = {"percent": 5, "to": "s3://kept/requests"}
    endpoints = {"delays": {"live": declared_pin(NEW, capture=capture)}}
    assert kinds <= declare(stage(endpoints)).aws()


def test_the_endpoint_is_named_by_whatever_it_serves_or_would_go_back_to():
    (found,) = touched(Change(Deed.REPLACE, ENDPOINT, "delays-prod"))
    assert [role for role, _, _ in who([found])[0]] == ["live", "previous"]


def test_permissions_are_needed_by_the_pin_that_asks_for_them_alone():
    kept = pin(OLD, capture=Capture(percent=5, to="s3://kept/requests"))
    by = Named("delays", Source.FILE, Pins(live=pin(NEW), previous=kept))
    change = Change(Deed.DELETE, POLICY, "delays-permissions")
    assert who(touched(change, by=[by])) == [[("previous", OLD, Source.FILE)]]
    assert touched(change) == ()


def test_a_candidate_names_the_configs_in_which_it_stands_beside_live():
    beside = pin(NEXT, beside=True)
    found = Named("delays", Source.FILE, Pins(live=pin(NEW), candidate=beside))
    plan = endpoint_plan("prod", "delays", found.pins)
    assert len(plan.configs) == 4
    lost = [Change(Deed.DELETE, CONFIG, config.name) for config in plan.configs]
    roles = [[role for role, _, _ in names] for names in who(touched(*lost, by=[found]))]
    assert all("candidate" in names for names in roles)
    assert roles[0] == ["live", "candidate"]


def test_a_pin_that_the_file_lost_is_still_named_by_the_ledger():
    by = [named(previous=None), named(source=Source.LEDGER)]
    (found,) = touched(Change(Deed.DELETE, CONFIG, config(OLD)), by=by)
    assert who([found]) == [[("previous", OLD, Source.LEDGER)]]
    assert found.next_step == "Bring the stage's file up to date: ./slipway sync prod"


def test_whoever_says_the_same_later_is_not_repeated():
    (found,) = touched(Change(Deed.DELETE, MODEL, model(NEW)), by=[named(), named(source=Source.LEDGER)])
    assert who([found]) == [[("live", NEW, Source.FILE)]]


def test_what_an_open_rollout_needs_stays_until_it_ends():
    by = [named(NEXT, NEW), named(source=Source.ROLLOUT)]
    (found,) = touched(Change(Deed.DELETE, MODEL, model(OLD)), by=by)
    assert who([found]) == [[("previous", OLD, Source.ROLLOUT)]]
    assert "./slipway rollback prod --endpoint delays" in found.next_step


def test_an_endpoint_that_the_file_names_no_more_is_to_be_put_back():
    by = [named(source=Source.LEDGER, endpoint="fares")]
    (found,) = touched(Change(Deed.DELETE, ENDPOINT, "fares-prod"), by=by)
    assert found.next_step.startswith("Put fares back under slipway:endpoints in Pulumi.prod.yaml")


def test_endpoints_that_would_lose_something_are_found_by_their_things_names():
    changes = [
        Change(Deed.DELETE, ENDPOINT, "fares-prod"),
        Change(Deed.REPLACE, MODEL, model(NEW)),
        Change(Deed.CREATE, ENDPOINT, "new-prod"),
        Change(Deed.DELETE, MODEL, "somebody-elses"),
    ]
    assert planned.endpoints_of("prod", changes) == {"fares", "delays"}


def test_a_pin_without_a_type_gets_the_settings_or_the_usual_one():
    untyped = Pins(live=pin(NEW, type=None))
    asked = planned.typed(untyped, Instances(type="ml.c7i.large")).live
    usual = planned.typed(untyped, None).live
    assert [found and found.type for found in (asked, usual)] == ["ml.c7i.large", Instances().type]


def test_pins_that_differ_are_told_by_endpoint_and_role():
    before = {"delays": having(pins(NEW, OLD)), "gone": having(pins(OLD))}
    after = {"delays": having(pins(NEXT, NEW)), "new": having(pins(NEW))}
    told = [str(change) for change in planned.pin_changes(before, after)]
    assert told == [
        f"delays live: {NEW} → {NEXT}",
        f"delays previous: {OLD} → {NEW}",
        f"gone live: {OLD} → nothing",
        f"new live: nothing → {NEW}",
    ]


def test_the_same_release_pinned_otherwise_is_told_by_what_differs():
    before, after = ({"delays": having(Pins(live=pin(NEW, capacity=count)))} for count in (1, 4))
    (change,) = planned.pin_changes(before, after)
    assert change.fields == ("capacity",)
    assert planned.pin_changes(before, before) == ()


def test_what_is_proposed_is_told_and_needs_nothing_yet():
    placed = pin(NEXT).model_dump(include={"release", "image", "model", "sha256"})
    proposed = Proposed(**placed, source="staging", replaces=NEW)
    before, after = having(pins(NEW, OLD)), having(pins(NEW, OLD), proposed=proposed)
    (change,) = planned.pin_changes({"delays": before}, {"delays": after})
    assert str(change) == f"delays proposed: nothing → {NEXT}"
    assert (
        touched(Change(Deed.DELETE, MODEL, model(NEXT)), by=[Named("delays", Source.FILE, after.pins)]) == ()
    )


def test_what_would_be_lost_weighs_more_than_what_could_not_be_told():
    lost = StagePlan("prod", touched=touched(Change(Deed.DELETE, MODEL, model(NEW))))
    untold = StagePlan("staging", failure=ServiceError("no answer"))
    fine = StagePlan("dev", changes=(Change(Deed.DELETE, MODEL, model(NEXT)),))
    codes = [planned.exit_code(plans) for plans in ([fine], [fine, untold], [untold, lost], [])]
    assert codes == [0, 4, 1, 0]
