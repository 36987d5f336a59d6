"""Waiting until SageMaker rests, and golden requests sent: what is asked again, and for how long."""

import pytest

from release.domain.errors import ServiceError
from release.domain.golden import Golden, GoldenRequest
from release.rollout.smoke import ATTEMPTS, smoke
from release.rollout.waiting import settled
from tests.fakes.world import Told
from tests.release.scenes import NAME, config_of, serving

REQUEST = GoldenRequest(content_type="application/json", body="{}", scores=(0.5,))
GOLDEN = Golden(tolerance=1e-5, requests=(REQUEST, REQUEST))


def wait(stage, told, patience=10.0):
    return settled(stage.sagemaker, stage.clock, NAME, patience, told)


class TestWaiting:
    def test_each_status_is_told_once(self):
        stage, told = serving(), Told()
        endpoint = stage.sagemaker.endpoints[NAME]
        endpoint.target, endpoint.status, endpoint.polls = endpoint.config, "Updating", 5
        assert (wait(stage, told) or {})["EndpointStatus"] == "InService"
        assert told.text == "SageMaker says Updating"
        assert stage.clock.seconds == 2.0

    def test_what_never_rests_is_an_error_that_can_be_tried_again(self):
        stage = serving()
        endpoint = stage.sagemaker.endpoints[NAME]
        endpoint.target, endpoint.status, endpoint.polls = endpoint.config, "Updating", 1_000
        with pytest.raises(ServiceError, match="is still Updating after 10 s"):
            wait(stage, Told())
        assert 10 <= stage.clock.seconds <= 11

    def test_no_endpoint_and_a_failed_one_are_at_rest(self):
        stage = serving(live=None)
        assert wait(stage, Told()) is None
        stage = serving()
        stage.sagemaker.endpoints[NAME].status = "Failed"
        assert (wait(stage, Told()) or {})["EndpointStatus"] == "Failed"


class TestSmoke:
    def calls(self, stage):
        return len([call for call in stage.trouble.calls if call.startswith("Invoke")])

    def test_every_request_is_sent(self):
        stage = serving()
        assert smoke(stage.sagemaker, NAME, GOLDEN) is None
        assert self.calls(stage) == 2

    def test_what_got_no_answer_is_asked_again(self):
        stage = serving()
        stage.sagemaker.unanswered = ATTEMPTS - 1
        assert smoke(stage.sagemaker, NAME, GOLDEN) is None
        assert self.calls(stage) == ATTEMPTS + 1
        stage.sagemaker.unanswered = ATTEMPTS
        assert smoke(stage.sagemaker, NAME, GOLDEN) == "golden request 1 of 2: throttled"

    def test_a_wrong_answer_is_not(self):
        stage = serving()
        stage.sagemaker.wrong.add(config_of(stage.pin(0)).production[0].model_name)
        found = smoke(stage.sagemaker, NAME, GOLDEN)
        assert found == "golden request 1 of 2: row 0 scored 0.900000, training says 0.500000"
        assert self.calls(stage) == 1

    def test_an_answer_that_is_none_is_named(self):
        stage = serving()
        text = GoldenRequest(content_type="text/csv", body="", scores=(0.5,))
        stage.sagemaker.answer = b"<html>"
        found = smoke(stage.sagemaker, NAME, Golden(tolerance=1e-5, requests=(REQUEST, text)))
        assert found is not None
        assert found.startswith("golden request 1 of 2: the answer cannot be read")
