"""Quotas as Service Quotas tells them."""

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from release.adapters.aws import StageAws
from release.adapters.quotas import Quotas
from release.domain.quotas import NotTold, Quota

NAME = "ml.m7i.large for endpoint usage"


class Aws(StageAws):
    """An account whose Service Quotas answers with pages, or fails."""

    def __init__(self, applied, defaults=(), error=None):
        super().__init__("prod", "123456789012", "us-east-1")
        pages = {"list_service_quotas": applied, "list_aws_default_service_quotas": defaults}
        object.__setattr__(self, "pager", Pager(pages, error))

    def client(self, service):
        assert service == "service-quotas"
        return self.pager  # ty: ignore[missing-attribute]


class Pager:
    """A paginator of any operation."""

    def __init__(self, pages, error):
        self.pages, self.error = pages, error

    def get_paginator(self, operation):
        self.operation = operation
        return self

    def paginate(self, **asked):
        assert asked == {"ServiceCode": "sagemaker", "PaginationConfig": {"PageSize": 100}}
        if self.error:
            raise self.error
        return [{"Quotas": [one]} for one in self.pages[self.operation]]


def quota(name=NAME, **changes):
    return {"QuotaName": name, "QuotaCode": "L-1", "Value": 4.0, **changes}


def test_what_was_applied_to_the_account_comes_before_the_default():
    other = quota("ml.m7i.xlarge for endpoint usage", Value=9.0)
    aws = Aws([other, quota()], [quota(Value=0.0)])
    assert Quotas(aws).of(NAME, 9.0) == Quota(NAME, "L-1", 4.0)
    assert Quotas(Aws([other], [quota(Value=0.0)])).of(NAME, 9.0) == Quota(NAME, "L-1", 0.0)


def test_a_name_that_aws_does_not_have_is_none():
    assert Quotas(Aws([], [quota("other")])).of(NAME, 9.0) is None


@pytest.mark.parametrize(
    "error",
    [
        ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "ListServiceQuotas"),
        EndpointConnectionError(endpoint_url="https://servicequotas"),
    ],
)
def test_what_nobody_may_ask_is_not_told(error):
    with pytest.raises(NotTold):
        Quotas(Aws([], error=error)).of(NAME, 9.0)


def test_what_takes_longer_than_there_is_time_is_not_told():
    aws = Aws([quota("other"), quota()])
    with pytest.raises(NotTold, match="not listed in time"):
        Quotas(aws).of(NAME, -1.0)
