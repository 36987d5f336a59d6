"""What SageMaker and autoscaling are asked while weights move; what is passed on as busy, and what is not."""

import io
from types import SimpleNamespace
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from release.adapters.endpoints import Endpoints
from release.domain import names
from release.domain.scaling import Scaling
from release.ports import Busy, ModelAnswered, Unanswered

RESOURCE = "endpoint/delays-prod/variant/live"
DIMENSION = "sagemaker:variant:DesiredInstanceCount"
IN_PROGRESS = (
    'Cannot update in-progress endpoint "arn:aws:sagemaker:us-east-1:123456789012:endpoint/delays-prod".'
)


class Calls:
    """Any client: notes what it is asked, and answers as told."""

    def __init__(self):
        self.calls = []
        self.answers = {}

    def __getattr__(self, operation):
        def call(**request):
            self.calls.append((operation, request))
            answer = self.answers.get(operation, {})
            if isinstance(answer, Exception):
                raise answer
            return answer

        return call


@pytest.fixture
def aws():
    return Calls()


@pytest.fixture
def endpoints(aws):
    return Endpoints(cast(Any, SimpleNamespace(stage="prod", client=lambda service: aws)))


def validation(message):
    return ClientError({"Error": {"Code": "ValidationException", "Message": message}}, "Operation")


def target(**state):
    suspended = {"SuspendedState": state} if state else {}
    return {"ScalableTargets": [{"ResourceId": RESOURCE, "MinCapacity": 1, "MaxCapacity": 4, **suspended}]}


class TestRescale:
    @pytest.mark.parametrize(
        ("weights", "counts", "asked"),
        [
            (
                {"live": 95.0, "candidate": 5.0},
                {},
                [
                    {"VariantName": "live", "DesiredWeight": 95.0},
                    {"VariantName": "candidate", "DesiredWeight": 5.0},
                ],
            ),
            ({}, {"candidate": 3}, [{"VariantName": "candidate", "DesiredInstanceCount": 3}]),
            (
                {"candidate": 0.0},
                {"candidate": 2},
                [{"VariantName": "candidate", "DesiredWeight": 0.0, "DesiredInstanceCount": 2}],
            ),
        ],
    )
    def test_it_is_one_call_that_names_what_changes_and_nothing_else(
        self, aws, endpoints, weights, counts, asked
    ):
        endpoints.rescale("delays-prod", weights, counts)
        (call,) = aws.calls
        assert call == (
            "update_endpoint_weights_and_capacities",
            {"EndpointName": "delays-prod", "DesiredWeightsAndCapacities": asked},
        )

    @pytest.mark.parametrize("move", ["rescale", "update"])
    def test_whoever_was_first_is_busy_and_every_other_refusal_is_itself(self, aws, endpoints, move):
        def go():
            if move == "rescale":
                endpoints.rescale("delays-prod", {"live": 100.0}, {})
            else:
                endpoints.update("delays-prod", "config", None)

        operation = {"rescale": "update_endpoint_weights_and_capacities", "update": "update_endpoint"}[move]
        aws.answers[operation] = validation(IN_PROGRESS)
        with pytest.raises(Busy, match="in-progress"):
            go()
        aws.answers[operation] = validation("Could not find variant")
        with pytest.raises(ClientError, match="Could not find variant"):
            go()

    def test_a_plain_update_keeps_the_instances_and_not_the_weights(self, aws, endpoints):
        endpoints.update("delays-prod", "config", None)
        ((operation, request),) = aws.calls
        assert operation == "update_endpoint"
        assert request["RetainAllVariantProperties"] is True
        excluded = {item["VariantPropertyType"] for item in request["ExcludeRetainedVariantProperties"]}
        assert excluded == {"DesiredWeight", "DataCaptureConfig"}
        assert "DeploymentConfig" not in request


class TestScaling:
    def registered(self, aws):
        return [request for operation, request in aws.calls if operation == "register_scalable_target"]

    @pytest.mark.parametrize(
        ("now", "act", "asked"),
        [
            ({}, "hold_scaling", [True]),
            ({"DynamicScalingInSuspended": False}, "hold_scaling", [True]),
            ({"DynamicScalingInSuspended": True}, "hold_scaling", []),
            ({"DynamicScalingInSuspended": True}, "free_scaling", [False]),
            ({"DynamicScalingInSuspended": False}, "free_scaling", []),
            ({}, "free_scaling", []),
        ],
    )
    def test_scaling_in_is_held_and_freed_and_nothing_is_asked_twice(self, aws, endpoints, now, act, asked):
        aws.answers["describe_scalable_targets"] = target(**now)
        getattr(endpoints, act)("delays-prod")
        assert self.registered(aws) == [
            {
                "ServiceNamespace": "sagemaker",
                "ScalableDimension": DIMENSION,
                "ResourceId": RESOURCE,
                "SuspendedState": {"DynamicScalingInSuspended": suspended},
            }
            for suspended in asked
        ]

    def test_scaling_out_and_the_bounds_are_left_alone(self, aws, endpoints):
        aws.answers["describe_scalable_targets"] = target()
        endpoints.hold_scaling("delays-prod")
        (request,) = self.registered(aws)
        assert not {"MinCapacity", "MaxCapacity"} & set(request)
        assert set(request["SuspendedState"]) == {"DynamicScalingInSuspended"}

    def test_an_endpoint_without_autoscaling_needs_none(self, aws, endpoints):
        aws.answers["describe_scalable_targets"] = {"ScalableTargets": []}
        endpoints.hold_scaling("delays-prod")
        endpoints.free_scaling("delays-prod")
        assert self.registered(aws) == []
        assert aws.calls[0][1]["ResourceIds"] == [RESOURCE]

    def test_the_bounds_of_many_are_asked_for_by_fifty(self, aws, endpoints):
        aws.answers["describe_scalable_targets"] = target()
        many = ["delays-prod", *(f"other-{number}-prod" for number in range(59))]
        assert endpoints.bounds(many) == {"delays-prod": (1, 4)}
        assert [len(request["ResourceIds"]) for _, request in aws.calls] == [50, 10]
        assert endpoints.bounds([]) == {}


ASKED = Scaling(1, 4, 3000)
MISSING = ClientError({"Error": {"Code": "ObjectNotFoundException", "Message": "none"}}, "Operation")


class TestScalingAwayAndBack:
    def asked(self, aws):
        return [operation for operation, _ in aws.calls if not operation.startswith("describe")]

    @pytest.mark.parametrize(
        ("target_there", "policy_there", "asked"),
        [
            (False, False, ["register_scalable_target", "put_scaling_policy"]),
            (True, False, ["put_scaling_policy"]),
            (True, True, []),
        ],
    )
    def test_what_is_missing_is_given_and_the_rest_left_alone(
        self, aws, endpoints, target_there, policy_there, asked
    ):
        aws.answers["describe_scalable_targets"] = target() if target_there else {"ScalableTargets": []}
        aws.answers["describe_scaling_policies"] = {"ScalingPolicies": [{}] if policy_there else []}
        endpoints.begin_scaling("delays-prod", ASKED, held=True)
        assert self.asked(aws) == asked

    def test_a_range_of_one_has_no_policy(self, aws, endpoints):
        aws.answers["describe_scalable_targets"] = {"ScalableTargets": []}
        endpoints.begin_scaling("delays-prod", Scaling(2, 2, None), held=False)
        assert self.asked(aws) == ["register_scalable_target"]
        (_, request) = aws.calls[-1]
        assert (request["MinCapacity"], request["MaxCapacity"]) == (2, 2)

    def test_what_is_away_already_is_no_error_and_another_one_is(self, aws, endpoints):
        aws.answers["deregister_scalable_target"] = MISSING
        endpoints.end_scaling("delays-prod")
        aws.answers["deregister_scalable_target"] = validation("no")
        with pytest.raises(ClientError, match="no"):
            endpoints.end_scaling("delays-prod")

    def test_whoever_registers_it_again_before_the_update_is_somebody_who_was_first(self, aws, endpoints):
        aws.answers["update_endpoint"] = validation(
            'The variant(s) "[live]" must be deregistered as scalable targets with AWS Auto Scaling'
        )
        with pytest.raises(Busy):
            endpoints.update("delays-prod", "config", None)

    def test_the_types_of_a_config_that_is_gone_are_none(self, aws, endpoints):
        aws.answers["describe_endpoint_config"] = validation("Could not find endpoint configuration")
        assert endpoints.instance_types("gone") == {}


class TestInvoke:
    def test_its_requests_are_known_where_answers_are_captured(self, aws, endpoints):
        aws.answers["invoke_endpoint"] = {"Body": io.BytesIO(b"0.5")}
        assert endpoints.invoke("delays-prod", b"1", "text/csv")["Body"] == b"0.5"
        ((_, request),) = aws.calls
        assert request["InferenceId"] == names.OWN_REQUEST

    def test_an_error_of_the_models_server_keeps_its_status_and_its_words(self, aws, endpoints):
        answer = {
            "Error": {"Code": "ModelError", "Message": "Received client error (400)"},
            "OriginalStatusCode": 400,
            "OriginalMessage": '{"error": {"message": "no"}}',
        }
        aws.answers["invoke_endpoint"] = ClientError(answer, "InvokeEndpoint")
        with pytest.raises(ModelAnswered) as caught:
            endpoints.invoke("delays-prod", b"{}", "application/json")
        assert (caught.value.status, caught.value.said) == (400, '{"error": {"message": "no"}}')

    @pytest.mark.parametrize("code", ["ModelError", "ThrottlingException", "ServiceUnavailable"])
    def test_what_no_server_answered_is_no_answer(self, aws, endpoints, code):
        aws.answers["invoke_endpoint"] = ClientError({"Error": {"Code": code, "Message": "slow"}}, "X")
        with pytest.raises(Unanswered) as caught:
            endpoints.invoke("delays-prod", b"{}", "application/json")
        assert not isinstance(caught.value, ModelAnswered)
