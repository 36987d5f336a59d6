"""The account's service quotas, as AWS says them. What they mean is decided in `release/domain/quotas.py`."""

import time
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from release.adapters.aws import StageAws
from release.domain.quotas import SERVICE, NotTold, Quota

LISTED_AT_ONCE = 100
"""Most quotas in one answer."""


class Quotas:
    """SageMaker's quotas in a stage's account and region."""

    def __init__(self, aws: StageAws) -> None:
        self._aws = aws

    def of(self, name: str, seconds: float) -> Quota | None:
        """The quota of this name, as it was applied to the account; None where AWS has no such quota.

        The names alone are known: each has a code of its own, and some thousand are listed by the hundred.
        Raises NotTold when AWS does not say, for want of a permission or of an answer, or not within so many
        `seconds`.
        """
        until = time.monotonic() + seconds
        try:
            return self._find(name, "list_service_quotas", until) or self._find(
                name, "list_aws_default_service_quotas", until
            )
        except (ClientError, BotoCoreError) as error:
            raise NotTold(str(error)) from error

    def _find(self, name: str, operation: str, until: float) -> Quota | None:
        pages = self._aws.client("service-quotas").get_paginator(operation)
        for page in pages.paginate(ServiceCode=SERVICE, PaginationConfig={"PageSize": LISTED_AT_ONCE}):
            if found := next((_quota(one) for one in page["Quotas"] if _is(one, name)), None):
                return found
            if time.monotonic() > until:
                raise NotTold("the account's quotas were not listed in time")
        return None


def _is(found: dict[str, Any], name: str) -> bool:
    return found.get("QuotaName") == name and "Value" in found


def _quota(found: dict[str, Any]) -> Quota:
    return Quota(found["QuotaName"], found["QuotaCode"], found["Value"])
