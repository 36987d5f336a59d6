"""ListServiceQuotas of SageMaker: one quota for each instance type, `ml.m7i.large for endpoint usage`.

Listed are the types that botocore's model of SageMaker knows. All have PLENTY, but while the fault
`endpoint_quota` lasts. What is beyond is refused by CreateEndpoint and UpdateEndpoint.
"""

import hashlib
import json
from collections.abc import Callable
from functools import cache

from botocore.session import Session
from moto.servicequotas.exceptions import NoSuchResource
from moto.servicequotas.responses import ServiceQuotasResponse as Response

from sandbox.core.faults import Faults

PLENTY = 10_000
"""Instances of a type."""
_PAGE = 100


def quota(faults: Faults) -> int:
    """Instances of each type that the endpoints of an account may have now."""
    fault = faults.lasting("endpoint_quota")
    return fault.instances if fault else PLENTY


def install(faults: Faults) -> None:
    """Patch moto's Service Quotas."""
    Response.list_service_quotas = _list(faults)  # ty: ignore[missing-attribute]


def _list(faults: Faults) -> Callable[[Response], str]:
    def list_service_quotas(self: Response) -> str:
        if self._get_param("ServiceCode") != "sagemaker":
            raise NoSuchResource
        first, most = int(self._get_param("NextToken") or 0), int(self._get_param("MaxResults") or _PAGE)
        kinds = _instance_types()
        page = [_quota(kind, quota(faults), self.current_account, self.region) for kind in kinds]
        rest = {"NextToken": str(first + most)} if len(kinds) > first + most else {}
        return json.dumps({"Quotas": page[first : first + most], **rest})

    return list_service_quotas


def _quota(kind: str, value: int, account: str, region: str) -> dict[str, object]:
    code = f"L-{hashlib.sha256(kind.encode()).hexdigest()[:8].upper()}"
    return {
        "ServiceCode": "sagemaker",
        "ServiceName": "Amazon SageMaker",
        "QuotaArn": f"arn:aws:servicequotas:{region}:{account}:sagemaker/{code}",
        "QuotaCode": code,
        "QuotaName": f"{kind} for endpoint usage",
        "Value": float(value),
        "Unit": "None",
        "Adjustable": True,
        "GlobalQuota": False,
    }


@cache
def _instance_types() -> list[str]:
    model = Session().get_service_model("sagemaker")
    return list(model.shape_for("ProductionVariantInstanceType").enum)
