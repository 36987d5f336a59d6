"""Which AWS service and action a request is, and how often each was called.

Thread-safe for counting. The names are botocore's: service `sagemaker`, action `UpdateEndpoint`.
"""

import re
from collections import Counter
from threading import Lock
from urllib.parse import parse_qs

from sandbox.asgi import Scope, header

_CREDENTIAL = re.compile(r"Credential=[^/]+/\d{8}/[^/]+/(?P<service>[^/]+)/aws4_request")
_RPC_V2 = re.compile(r"/service/[^/]+/operation/(?P<action>\w+)")
_ALIASES = {"monitoring": "cloudwatch", "email": "ses", "states": "stepfunctions"}
"""Signing names that are not botocore's names."""

_BUCKET = {"GET": "ListObjectsV2", "PUT": "CreateBucket", "HEAD": "HeadBucket", "DELETE": "DeleteBucket"}
_OBJECT = {"GET": "GetObject", "PUT": "PutObject", "HEAD": "HeadObject", "DELETE": "DeleteObject"}


class Calls:
    """Counts of AWS calls."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str]] = Counter()
        self._lock = Lock()

    def add(self, service: str, action: str) -> None:
        """Count one call."""
        with self._lock:
            self._counts[service, action] += 1

    def reset(self) -> None:
        """Begin again at nothing."""
        with self._lock:
            self._counts.clear()

    def by_service(self) -> dict[str, dict[str, int]]:
        """`{"sagemaker": {"UpdateEndpoint": 1}}`."""
        with self._lock:
            counts = dict(self._counts)
        result: dict[str, dict[str, int]] = {}
        for (service, action), number in sorted(counts.items()):
            result.setdefault(service, {})[action] = number
        return result


def identify(scope: Scope, body: bytes) -> tuple[str, str]:
    """Service and action of an AWS request; what cannot be told is an empty string.

    S3's sub-resources (`?policy`) are named `GetBucket:policy`, as the exact name is moto's business.
    """
    service = _service(scope)
    if target := header(scope, b"x-amz-target"):
        return service, target.rpartition(".")[2]
    if match := _RPC_V2.fullmatch(scope["path"]):
        return service, match["action"]
    if header(scope, b"content-type").startswith("application/x-www-form-urlencoded"):
        return service, parse_qs(body.decode("latin-1")).get("Action", [""])[0]
    if service == "s3":
        return service, _s3_action(scope)
    return service, ""


def _service(scope: Scope) -> str:
    query = scope["query_string"].decode("latin-1")
    credential = header(scope, b"authorization") or query.replace("%2F", "/").replace("X-Amz-", "")
    match = _CREDENTIAL.search(credential)
    if match is None:
        return ""
    return _ALIASES.get(match["service"], match["service"])


def _s3_action(scope: Scope) -> str:
    method = scope["method"]
    bucket, _, key = scope["path"].strip("/").partition("/")
    if not bucket:
        return "ListBuckets"
    query = scope["query_string"].decode("latin-1")
    first = query.split("&")[0].partition("=")[0]
    if key:
        if "uploadId" in query or first == "uploads":
            return _multipart(method, query)
        if first in ("tagging", "acl", "attributes", "retention", "legal-hold"):
            return f"{method.title()}Object:{first}"
        if method == "PUT" and header(scope, b"x-amz-copy-source"):
            return "CopyObject"
        return _OBJECT.get(method, f"{method.title()}Object")
    plain = first in ("", "list-type", "prefix", "delimiter", "max-keys", "encoding-type", "marker")
    return _BUCKET.get(method, method) if plain else f"{method.title()}Bucket:{first}"


def _multipart(method: str, query: str) -> str:
    if method == "POST":
        return "CompleteMultipartUpload" if "uploadId" in query else "CreateMultipartUpload"
    return {"PUT": "UploadPart", "DELETE": "AbortMultipartUpload"}.get(method, "ListParts")
