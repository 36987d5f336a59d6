"""The generic check of requests against botocore's model, as values."""

import json
from typing import Any

import pytest

from sandbox.aws.shared.errors import BadRequest
from sandbox.aws.shared.validation import check, input_shape, violations


def refusal(action: str, request: Any, service: str = "sagemaker") -> str:
    """What `action` says of `request`; an empty string when it passes."""
    try:
        check(service, action, json.dumps(request).encode())
    except BadRequest as error:
        return f"{error.code}: {error.message}"
    return ""


VARIANT = {"VariantName": "live", "ModelName": "m", "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}


def config(**variant: Any) -> dict[str, Any]:
    return {"EndpointConfigName": "c", "ProductionVariants": [{**VARIANT, **variant}]}


def test_a_good_request_passes() -> None:
    assert refusal("CreateEndpointConfig", config()) == ""
    assert refusal("ListModels", {}) == ""


def test_a_pattern_is_named_with_the_value_and_the_path() -> None:
    assert refusal("DescribeEndpoint", {"EndpointName": "my_endpoint"}) == (
        "ValidationException: 1 validation error detected: Value 'my_endpoint' at 'endpointName' failed "
        "to satisfy constraint: Member must satisfy regular expression pattern: "
        "^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}"
    )
    said = refusal("CreateEndpointConfig", config(ModelName="a model"))
    assert "Value 'a model' at 'productionVariants.1.member.modelName'" in said


def test_a_name_that_is_too_long_breaks_two_constraints_at_once() -> None:
    said = refusal("DescribeEndpoint", {"EndpointName": "e" * 64})
    assert said.startswith("ValidationException: 2 validation errors detected: ")
    assert "Member must have length less than or equal to 63; Value" in said


def test_missing_members_are_null() -> None:
    said = refusal("CreateEndpoint", {"EndpointName": "e"})
    assert "Value null at 'endpointConfigName' failed to satisfy constraint: Member must not be null" in said
    assert refusal("CreateEndpoint", {"EndpointName": "e", "EndpointConfigName": None}) == said


def test_enums_ranges_and_sizes() -> None:
    said = refusal("ListModels", {"SortBy": "Size", "MaxResults": 101})
    assert (
        "Value 'Size' at 'sortBy' failed to satisfy constraint: Member must satisfy enum value set: " in said
    )
    assert "[Name, CreationTime]" in said
    assert (
        "Value '101' at 'maxResults' failed to satisfy constraint: Member must have value less than" in said
    )
    negative = refusal("CreateEndpointConfig", config(InitialVariantWeight=-1))
    assert "Member must have value greater than or equal to 0" in negative
    empty = refusal("CreateEndpointConfig", {"EndpointConfigName": "c", "ProductionVariants": []})
    assert "Value '[]' at 'productionVariants' failed" in empty
    assert "length greater than or equal to 1" in empty


def test_map_keys_and_values_have_their_own_words() -> None:
    container = {"Image": "i", "Environment": {"1BAD": "v", "GOOD": "v" * 1025}}
    said = refusal("CreateModel", {"ModelName": "m", "PrimaryContainer": container})
    assert "at 'primaryContainer.environment' failed to satisfy constraint: Map keys must satisfy" in said
    assert "Map value must satisfy constraint: [Member must have length less than or equal to 1024]" in said


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        ({"MaxResults": "ten"}, "STRING_VALUE can not be converted to an Integer"),
        ({"MaxResults": True}, "TRUE_VALUE can not be converted to an Integer"),
        ({"NameContains": 5}, "NUMBER_VALUE can not be converted to a String"),
        ({"NameContains": ["a"]}, "Start of structure or map found where not expected."),
        ([], "Unexpected field type"),
    ],
)
def test_a_wrong_type_is_a_serialization_exception(request_: Any, said: str) -> None:
    assert refusal("ListModels", request_) == f"SerializationException: {said}"


def test_a_body_that_is_no_json() -> None:
    with pytest.raises(BadRequest, match="Unable to parse") as error:
        check("sagemaker", "ListModels", b"{")
    assert error.value.code == "SerializationException"


def test_an_action_that_aws_does_not_have() -> None:
    assert refusal("MakeCoffee", {}).startswith("UnknownOperationException: ")


def test_unknown_members_are_ignored_as_on_aws() -> None:
    assert refusal("ListModels", {"Colour": "red"}) == ""


def test_javas_unicode_classes_are_understood() -> None:
    arn = "arn:aws:sagemaker:us-east-1:123456789012:endpoint/e"
    good = {"ResourceArn": arn, "Tags": [{"Key": "größe 1", "Value": "a@b"}]}
    assert refusal("AddTags", good) == ""
    bad = {"ResourceArn": arn, "Tags": [{"Key": "what?", "Value": ""}]}
    assert "Value 'what?' at 'tags.1.member.key'" in refusal("AddTags", bad)
    invoke = {"EndpointName": "e", "Body": ""}
    good = {**invoke, "CustomAttributes": "trace=1", "InferenceId": "a b"}
    assert refusal("InvokeEndpoint", good, "sagemaker-runtime") == "", "unchecked by this door"
    shape: Any = input_shape("sagemaker-runtime", "InvokeEndpoint")
    assert violations(shape, good) == []
    assert len(violations(shape, {**invoke, "CustomAttributes": "ä" * 1025, "InferenceId": " a"})) == 3


def test_other_services_refuse_with_their_own_code_and_unchecked_ones_pass() -> None:
    said = refusal("CreateLogGroup", {"logGroupName": "a b"}, "logs")
    assert said.startswith(
        "InvalidParameterException: 1 validation error detected: Value 'a b' at 'logGroupName'"
    )
    assert refusal("ListQueues", {"MaxResults": "x"}, "sqs") == ""
