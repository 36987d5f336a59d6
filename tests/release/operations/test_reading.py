"""Status, history and invoke: what people are told, and that nothing changes by it."""

import json

import pytest

from release.domain.errors import ReleaseFailed, UsageError
from release.domain.golden import Golden, GoldenRequest
from release.domain.ledger import Resumed, Stored
from release.domain.pins import EndpointSettings
from release.operations import fences
from release.operations.history import histories, history
from release.operations.invoke import LIMIT_BYTES, invoke
from release.operations.rollback import rollback
from release.operations.status import status
from release.ports import ModelAnswered
from tests.release.scenes import NAME, begin, config_of, pins_now, serving, sure


@pytest.fixture(autouse=True)
def nothing_changes(prod):
    """Whatever is read, nothing is written, moved or made."""
    yield
    effects = {"write", "up", "UpdateEndpoint", "DeleteEndpoint"}
    assert effects.isdisjoint(prod.trouble.calls)


def line(world):
    (found,) = status(world, ["prod"])
    return found


class TestStatus:
    def test_a_stage_as_it_should_be(self, project, prod):
        pins = pins_now(prod)
        found = line(project(prod))
        assert (found.stage, found.endpoint) == ("prod", "delays")
        assert (found.live, found.previous) == (sure(pins.live).release, sure(pins.previous).release)
        assert (found.status, found.instances, found.digest) == ("InService", 1, sure(pins.live).digest)
        assert (found.last, found.rollout, found.notes, found.disagreements) == ("", "", [], [])

    def test_all_stages_in_their_order_and_only_those_asked_for(self, project, dev, staging, prod):
        world = project(dev, staging, prod)
        assert [found.stage for found in status(world, [])] == ["dev", "staging", "prod"]
        assert [found.stage for found in status(world, ["prod", "dev"])] == ["prod", "dev"]
        with pytest.raises(UsageError, match="no stage 'qa'"):
            status(world, ["qa"])

    def test_every_endpoint_has_its_line_and_an_empty_one_agrees(self, project, prod):
        prod.file.endpoints["fares"] = EndpointSettings()
        found = status(project(prod), [])
        assert [(f.endpoint, f.live, f.status, f.instances) for f in found][1:] == [
            ("fares", None, "not there", None)
        ]
        assert found[1].disagreements == []

    def test_what_serves_instead_and_why_is_named(self, project, prod):
        endpoint = prod.sagemaker.endpoints[NAME]
        endpoint.config, endpoint.reason = config_of(pins_now(prod).previous), "no ping"
        found = line(project(prod)).disagreements
        assert found[0].startswith(f"the endpoint config is {endpoint.config.name}, the pin says")
        assert found[-2:] == [
            "SageMaker's reason: no ping",
            "Bring it back by one UpdateEndpoint: ./slipway apply prod --endpoint delays",
        ]

    def test_a_missing_endpoint(self, project, prod):
        prod.sagemaker.endpoints.clear()
        found = line(project(prod))
        assert (found.status, found.disagreements) == (
            "not there",
            [
                f"the endpoint is missing, the pin says {NAME}",
                "Make it again from its pins: ./slipway apply prod --endpoint delays",
            ],
        )

    def test_an_old_failure_reason_is_no_news(self, project, prod):
        prod.sagemaker.endpoints[NAME].reason = "no ping, last week"
        assert line(project(prod)).disagreements == []

    @pytest.mark.parametrize("role", ["live", "previous"])
    def test_what_live_or_the_way_back_needs_and_does_not_find(self, project, prod, role):
        pin = getattr(pins_now(prod), role)
        config = config_of(pin)
        prod.trouble.watch.clear()
        prod.registry.images.remove(pin.digest)
        prod.artifacts.models[pin.model] = b"changed"
        prod.sagemaker.models.pop(config.production[0].model_name)
        prod.sagemaker.configs.pop(config.name)
        found = line(project(prod)).disagreements
        assert found[:2] == [
            f"{role} {pin.release}: endpoint config {config.name} does not exist",
            f"{role} {pin.release}: model {config.production[0].model_name} does not exist",
        ]
        assert found[2].startswith(f"{role} {pin.release}: the artifact {pin.model} has SHA-256")
        assert found[3] == f"{role} {pin.release}: the image {pin.image} is not in the registry"
        assert found[4].endswith("./slipway apply prod --endpoint delays")
        assert len(found) == 5

    @pytest.mark.parametrize(("alive", "words"), [(True, "under way"), (False, "stopped half-way")])
    def test_an_open_rollout(self, project, prod, alive, words):
        new = prod.pin(2)
        begin(prod, new)
        prod.ledger.living = {prod.ledger.owner.pid} if alive else set()
        found = line(project(prod))
        assert found.rollout == f"promote of {new.release} (delays) {words} at opened"
        assert found.last == f"promote {new.release} opened 01-01 00:00Z"

    @pytest.mark.parametrize("role", ["live", "previous"])
    def test_a_pinned_release_that_is_fenced(self, project, prod, told, role):
        world, release = project(prod), getattr(pins_now(prod), role).release
        fences.add(world, release, "it drifts", told)
        assert line(world).notes == [f"{release} is fenced in prod on 2026-01-01 00:00 by ci@here: it drifts"]
        assert line(world).disagreements == []
        fences.clear(world, release, "it does not", told)
        assert line(world).notes == []

    def test_a_changed_ledger(self, project, prod):
        begin(prod, prod.pin(2))
        prod.ledger.append(prod.ledger.stored[0].entry.subject, prod.ledger.stored[0].entry.what)
        changed = prod.ledger.stored[0].entry.model_copy(update={"at": "2020-01-01T00:00:00+00:00"})
        prod.ledger.stored[0] = Stored.from_bytes(changed.to_bytes())
        found = line(project(prod)).disagreements
        assert found[0].startswith("entry 2 does not follow from entry 1")
        assert "./slipway verify prod" in found[1]

    def test_a_stage_that_is_not_provisioned(self, project, prod):
        prod.ledger.there = False
        found = line(project(prod))
        assert (found.last, found.provisioned) == ("not provisioned", False)

    def test_what_is_not_there_serves_no_pin(self, project, dev, follow, capsys):
        empty = [serving(None, stage=name) for name in ("staging", "prod")]
        for stage in empty:
            stage.ledger.there = False
        assert follow(project(*empty), "status") == 0
        out = capsys.readouterr().out
        assert "staging, prod: nothing is provisioned yet" in out
        assert "serves what its pin says" not in out
        assert follow(project(dev, empty[1]), "status") == 0
        out = capsys.readouterr().out
        assert "! prod: nothing is provisioned yet" in out
        assert "every other stage serves what its pin says" in out

    def test_each_endpoint_has_its_own_last_entry_and_rollout(self, project, prod, told):
        prod.file.endpoints["fares"] = EndpointSettings(live=prod.pin(4), previous=prod.pin(5))
        prod.file.endpoints["tolls"] = EndpointSettings()
        prod.stack.up()
        rollback(project(prod), "prod", "fares", told)
        new = prod.pin(2)
        begin(prod, new)
        delays, fares, tolls = status(project(prod), ["prod"])
        assert delays.last.startswith(f"promote {new.release} opened")
        assert fares.last.startswith(f"rollback {prod.pin(5).release} landed")
        assert tolls.last == ""
        assert delays.rollout.startswith(f"promote of {new.release} (delays)")
        assert (fares.rollout, tolls.rollout) == ("", "")
        assert f"the stage is held by the {delays.rollout}" in fares.notes
        prod.trouble.calls.clear()

    def test_bounds_that_nobody_applied_yet(self, project, prod):
        prod.sagemaker.scales = (1, 1)
        assert line(project(prod)).notes == []
        prod.sagemaker.scales = (2, 8)
        assert line(project(prod)).notes == [
            "scales from 2 to 8 instances, the data asks for 1 to 1: pulumi up --stack prod"
        ]


class TestHistory:
    @pytest.fixture
    def past(self, project, told):
        stage = serving()
        rollback(project(stage), "prod", None, told)
        return stage

    @pytest.mark.parametrize(("most", "count"), [(None, 5), (2, 2), (99, 5)])
    def test_the_newest_entries_oldest_first(self, project, past, most, count):
        found = history(project(past), "prod", most)
        events = ["opened", "moving", "verifying", "reconciling", "landed"]
        assert [stored.entry.what.event for stored in found.entries] == events[-count:]
        assert found.broken is None

    def test_rollouts_are_read_to_their_beginning_however_many_entries_they_have(self, project, past, told):
        world = project(past)
        for _ in range(30):
            past.ledger.append(past.ledger.stored[0].entry.subject, Resumed())
        for most in (1, 2):
            [moved] = history(world, "prod", most).rollouts
            assert (moved.kind, len(moved.resumed)) == ("rollback", 30)
        rollback(world, "prod", None, told)
        assert [len(moved.resumed) for moved in history(world, "prod", 1).rollouts] == [0]
        assert len(history(world, "prod", None).rollouts) == 2

    def test_the_evidence_is_the_manifests(self, project, past):
        [moved] = history(project(past), "prod", 5).rollouts
        assert moved.gates == ()
        past.artifacts.manifests.clear()
        [moved] = history(project(past), "prod", 5).rollouts
        assert moved.gates is None

    def test_all_stages(self, project, past, dev):
        assert [found.stage for found in histories(project(dev, past), None, 5)] == ["dev", "prod"]

    def test_where_the_chain_breaks_is_said(self, project, past):
        del past.ledger.stored[2]
        assert history(project(past), "prod", None).broken == "entry 3 is missing"

    def test_a_stage_without_a_ledger_has_none(self, project, past):
        past.ledger.there = False
        assert history(project(past), "prod", None).entries == []


class TestInvoke:
    def test_a_golden_request_by_default(self, project, prod):
        answer = invoke(project(prod), "prod", None, None, "application/json")
        assert json.loads(answer.body) == {"predictions": [0.5]}
        assert (answer.content_type, answer.variant) == ("application/json", "live")

    def test_each_content_type_has_its_own_golden_request(self, project, prod, follow):
        json_one, csv_one = (
            GoldenRequest(content_type=kind, body=kind[-4:], scores=(0.5,))
            for kind in ("application/json", "text/csv")
        )
        prod.artifacts.requests = Golden(tolerance=1e-5, requests=(json_one, csv_one))
        world = project(prod)
        for kind in ("text/csv", "application/json", "Text/CSV; header=present"):
            invoke(world, "prod", None, None, kind)
        assert [body for body, _ in prod.sagemaker.bodies] == [b"/csv", b"json", b"/csv"]
        assert prod.sagemaker.bodies[2][1] == "Text/CSV; header=present"
        with pytest.raises(
            UsageError,
            match=r"no golden request in application/x-npy; it has some in application/json, text/csv",
        ):
            invoke(world, "prod", None, None, "application/x-npy")
        assert len(prod.sagemaker.bodies) == 3
        assert invoke(world, "prod", None, b"npy", "application/x-npy").body

    def test_a_golden_request_asks_for_the_answer_that_it_expects_and_ones_own_for_its_own_type(
        self, project, prod
    ):
        asks = GoldenRequest(content_type="text/csv", accept="application/json", body="1,2", scores=(0.5,))
        prod.artifacts.requests = Golden(tolerance=1e-5, requests=(asks,))
        invoke(project(prod), "prod", None, None, "text/csv")
        invoke(project(prod), "prod", None, b"1,2", "text/csv")
        assert prod.sagemaker.accepted == ["application/json", ""]

    def test_what_the_server_refuses_is_told_in_its_own_words(self, project, prod, follow):
        said = {
            "error": {"code": "wrong_type", "message": "Row 3: distance is 'far', not a number.", "row": 3}
        }
        world = project(prod)
        for code, body, cause in (
            (400, json.dumps(said), "delays in prod refused the request with 400: Row 3: distance is 'far'"),
            (415, "no such type", "refused the request with 415: no such type"),
            (422, '{"error": "of a v2 server"}', 'refused the request with 422: {"error": "of a v2 server"}'),
            (500, "", "The server of delays in prod failed with 500: it gave no reason"),
        ):
            prod.sagemaker.refuses = ModelAnswered(code, body, "An error occurred (ModelError)")
            with pytest.raises(ReleaseFailed) as caught:
                invoke(world, "prod", None, b"{}", "application/json")
            assert cause in caught.value.cause
            assert "An error occurred" not in str(caught.value)
        prod.sagemaker.refuses = None
        assert follow.all_of(world, caught.value) == [0]

    def test_one_of_ones_own(self, project, prod):
        assert invoke(project(prod), "prod", "delays", b"{}", "application/json").body

    def test_without_a_live_release_the_way_to_one_is_named(self, project, told, follow, dev):
        world = project(dev, serving(None))
        with pytest.raises(UsageError, match="no live release in prod") as caught:
            invoke(world, "prod", None, None, "application/json")
        assert follow.all_of(world, caught.value) == [0]
        assert invoke(world, "prod", None, None, "application/json").body

    def test_more_than_sagemaker_takes_is_not_sent(self, project, prod):
        with pytest.raises(UsageError, match="more than"):
            invoke(project(prod), "prod", None, b"x" * (LIMIT_BYTES + 1), "application/json")
        assert prod.trouble.calls == []

    def test_no_answer_says_where_to_look(self, project, prod, follow):
        prod.sagemaker.unanswered = 1
        world = project(prod)
        with pytest.raises(ReleaseFailed, match="did not answer: throttled") as caught:
            invoke(world, "prod", None, None, "application/json")
        assert "/aws/sagemaker/Endpoints/delays-prod" in str(caught.value)
        assert follow.all_of(world, caught.value) == [0]
