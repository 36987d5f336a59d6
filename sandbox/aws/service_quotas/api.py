"""ListServiceQuotas, ListAWSDefaultServiceQuotas and GetServiceQuota, for SageMaker's endpoint usage.

moto has quotas of VPC alone. Other quotas of SageMaker are not listed, and other services' are moto's.
"""

import json
from collections.abc import Callable
from typing import Any

from moto.servicequotas.exceptions import NoSuchResource
from moto.servicequotas.responses import ServiceQuotasResponse

from sandbox.aws.service_quotas.catalog import SERVICE, Quota, quotas
from sandbox.aws.shared.errors import BadRequest
from sandbox.core.faults import Faults

PAGE = 100
"""The most quotas of one answer, as there."""


def install(faults: Faults) -> None:
    """Patch moto's Service Quotas; a lasting fault `quota` says how many instances an account may have."""
    of_moto: Callable[[ServiceQuotasResponse], str] = ServiceQuotasResponse.get_service_quota
    defaults_of_moto: Callable[[ServiceQuotasResponse], str] = (
        ServiceQuotasResponse.list_aws_default_service_quotas
    )

    def list_service_quotas(self: ServiceQuotasResponse) -> str:
        return _listed(self, faults, defaults_of_moto)

    def list_aws_default_service_quotas(self: ServiceQuotasResponse) -> str:
        return _listed(self, Faults(), defaults_of_moto)

    def get_service_quota(self: ServiceQuotasResponse) -> str:
        asked = json.loads(self.body)
        if asked["ServiceCode"] != SERVICE:
            return of_moto(self)
        for quota in quotas(faults):
            if quota.code == asked["QuotaCode"]:
                return json.dumps({"Quota": _described(self, quota)})
        raise NoSuchResource

    for action in (list_service_quotas, list_aws_default_service_quotas, get_service_quota):
        setattr(ServiceQuotasResponse, action.__name__, action)


def _listed(
    self: ServiceQuotasResponse, faults: Faults, of_moto: Callable[[ServiceQuotasResponse], str]
) -> str:
    asked = json.loads(self.body)
    if asked["ServiceCode"] != SERVICE:
        return of_moto(self)
    found = [quota for quota in quotas(faults) if asked.get("QuotaCode", quota.code) == quota.code]
    start, size = _start(asked.get("NextToken", "0"), len(found)), int(asked.get("MaxResults", PAGE))
    answer: dict[str, Any] = {"Quotas": [_described(self, one) for one in found[start : start + size]]}
    if start + size < len(found):
        answer["NextToken"] = str(start + size)
    return json.dumps(answer)


def _start(token: str, count: int) -> int:
    if not token.isdecimal() or int(token) > count:
        raise BadRequest("InvalidPaginationTokenException", "Invalid pagination token was used.")
    return int(token)


def _described(self: ServiceQuotasResponse, quota: Quota) -> dict[str, Any]:
    place = f"{self.region}:{self.current_account}"
    return {
        "ServiceCode": SERVICE,
        "ServiceName": "Amazon SageMaker",
        "QuotaArn": f"arn:aws:servicequotas:{place}:{SERVICE}/{quota.code}",
        "QuotaCode": quota.code,
        "QuotaName": quota.name,
        "Value": float(quota.value),
        "Unit": "None",
        "Adjustable": True,
        "GlobalQuota": False,
    }
