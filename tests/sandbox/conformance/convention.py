"""How a test says which documented behaviour it shows. Values only; the table is made from them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import pytest

Test = TypeVar("Test", bound=Callable[..., Any])

_DOCS = "https://docs.aws.amazon.com"
REFERENCES: dict[str, str] = {
    "SageMaker": f"{_DOCS}/sagemaker/latest/APIReference/API_{{}}.html",
    "SageMaker Runtime": f"{_DOCS}/sagemaker/latest/APIReference/API_runtime_{{}}.html",
    "CloudWatch": f"{_DOCS}/AmazonCloudWatch/latest/APIReference/API_{{}}.html",
    "CloudWatch Logs": f"{_DOCS}/AmazonCloudWatchLogs/latest/APIReference/API_{{}}.html",
    "ECR": f"{_DOCS}/AmazonECR/latest/APIReference/API_{{}}.html",
    "S3": f"{_DOCS}/AmazonS3/latest/API/API_{{}}.html",
    "IAM": f"{_DOCS}/IAM/latest/APIReference/API_{{}}.html",
    "KMS": f"{_DOCS}/kms/latest/APIReference/API_{{}}.html",
    "SNS": f"{_DOCS}/sns/latest/api/API_{{}}.html",
    "EventBridge": f"{_DOCS}/eventbridge/latest/APIReference/API_{{}}.html",
    "Service Quotas": f"{_DOCS}/servicequotas/2019-06-24/apireference/API_{{}}.html",
    "Application Auto Scaling": f"{_DOCS}/autoscaling/application/APIReference/API_{{}}.html",
}
"""The address of an action's page in the API reference, by service; the table has them in this order."""


@dataclass(frozen=True)
class Behaviour:
    """Where a behaviour is documented, and whether the sandbox has it."""

    service: str
    page: str
    covered: bool

    @property
    def address(self) -> str:
        """The page's address."""
        return self.page if self.page.startswith("https://") else REFERENCES[self.service].format(self.page)


def behaviour(service: str, page: str, *, covered: bool = True) -> Callable[[Test], Test]:
    """Mark a test as one behaviour of `service`, documented on `page`; see the package's docstring."""
    if service not in REFERENCES:
        raise ValueError(f"unknown service {service!r}; add its reference to {__name__}.REFERENCES")

    def mark(test: Test) -> Test:
        if not (test.__doc__ or "").strip():
            raise ValueError(f"{getattr(test, '__name__', test)} needs a docstring that states the behaviour")
        vars(test)["behaviour"] = Behaviour(service, page, covered)
        return pytest.mark.sandbox(test)

    return mark
