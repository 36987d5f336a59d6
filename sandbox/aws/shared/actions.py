"""Which service and action an AWS request is. Pure.

The names are botocore's: service `sagemaker`, action `UpdateEndpoint`.
"""

import re
from urllib.parse import parse_qs

from sandbox.aws.shared.rest_actions import rest_action
from sandbox.core.asgi import Scope, header

_CREDENTIAL = re.compile(r"Credential=[^/]+/\d{8}/[^/]+/(?P<service>[^/]+)/aws4_request")
_RPC_V2 = re.compile(r"/service/[^/]+/operation/(?P<action>\w+)")
_ALIASES = {
    "monitoring": "cloudwatch",
    "email": "ses",
    "states": "stepfunctions",
    "servicequotas": "service-quotas",
}
"""Signing names that are not botocore's names."""

_UNSIGNED = {"AssumeRoleWithSAML": "sts", "AssumeRoleWithWebIdentity": "sts"}
"""Actions that are sent without a signature: their caller asks STS for the credentials to sign with."""

_VIRTUAL_HOST = re.compile(r"(?P<bucket>.+)\.(?:localhost|s3(?:[.-][a-z0-9-]+)?\.amazonaws\.com)(?::\d+)?")


def identify(scope: Scope, body: bytes) -> tuple[str, str]:
    """Service and action of an AWS request; what cannot be told is an empty string."""
    service = _service(scope)
    if service == "sagemaker" and scope["path"] != "/":
        return _sagemaker_sibling(scope)
    if target := header(scope, b"x-amz-target"):
        return service, target.rpartition(".")[2]
    if match := _RPC_V2.fullmatch(scope["path"]):
        return service, match["action"]
    if header(scope, b"content-type").startswith("application/x-www-form-urlencoded"):
        action = parse_qs(body.decode("latin-1")).get("Action", [""])[0]
        return service or _UNSIGNED.get(action, ""), action
    return service, _rest_action(scope, service)


def _sagemaker_sibling(scope: Scope) -> tuple[str, str]:
    """The services that sign as SageMaker and are told apart by their paths."""
    for service in (
        "sagemaker-runtime",
        "sagemaker-metrics",
        "sagemaker-featurestore-runtime",
        "sagemaker-edge",
    ):
        if action := _rest_action(scope, service):
            return service, action
    return "sagemaker", ""


def _rest_action(scope: Scope, service: str) -> str:
    raw_path: bytes | None = scope.get("raw_path")
    path = scope["path"] if raw_path is None else raw_path.decode("latin-1")
    query = scope["query_string"].decode("latin-1")
    virtual = _VIRTUAL_HOST.fullmatch(header(scope, b"host")) if service == "s3" else None
    if virtual is not None:
        path = f"/{virtual['bucket']}{path}"
    names = frozenset(name.decode("latin-1") for name, _ in scope["headers"])
    return rest_action(service, scope["method"], path, query, names)


def _service(scope: Scope) -> str:
    query = scope["query_string"].decode("latin-1")
    credential = header(scope, b"authorization") or query.replace("%2F", "/").replace("X-Amz-", "")
    match = _CREDENTIAL.search(credential)
    if match is None:
        return ""
    return _ALIASES.get(match["service"], match["service"])
