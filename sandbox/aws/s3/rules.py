"""What S3 refuses of a request before it acts: bucket names, XML bodies, bucket policies. Pure."""

import ipaddress
import json
import re
from functools import cache
from xml.parsers import expat

from botocore.session import get_session

from sandbox.aws.s3.coverage import UNCOVERED
from sandbox.aws.shared.coverage import not_covered
from sandbox.aws.shared.errors import BadRequest
from sandbox.core.asgi import Scope

MALFORMED_XML = "The XML you provided was not well-formed or did not validate against our published schema"
NO_SUCH_UPLOAD = (
    "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted "
    "or completed."
)
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_NUMBERS = ("max-keys", "max-uploads", "max-parts", "partNumber", "part-number-marker")


def check(scope: Scope, action: str, body: bytes) -> None:
    """Raise BadRequest for a request that S3 would refuse whatever the bucket holds."""
    if not action and scope["method"] != "OPTIONS":
        raise BadRequest("MethodNotAllowed", "The specified method is not allowed against this resource.")
    if action in UNCOVERED:
        raise BadRequest("NotImplemented", not_covered("s3", action))
    if action == "CreateBucket" and not is_bucket_name(bucket := scope["path"].strip("/")):
        raise BadRequest("InvalidBucketName", f"The specified bucket is not valid: {bucket}")
    if action == "PutBucketPolicy":
        _check_policy(body)
    root, required = _document(action)
    if root and body:
        _check_xml(body, root)
    elif root and required:
        raise BadRequest("MissingRequestBodyError", "Request Body is empty")
    _check_numbers(scope)


def failure(action: str, error: Exception) -> BadRequest | None:
    """What S3 says where moto trips over a request: it reads documents without looking whether they fit."""
    if action == "UploadPart" and isinstance(error, KeyError):
        return BadRequest("NoSuchUpload", NO_SUCH_UPLOAD)
    if action in ("CopyObject", "UploadPartCopy") and isinstance(error, ValueError):
        return BadRequest("InvalidArgument", "Copy Source must mention the source bucket and key: bucket/key")
    return BadRequest("MalformedXML", MALFORMED_XML) if _document(action)[0] else None


def is_bucket_name(name: str) -> bool:
    """Whether a name keeps S3's rules for general purpose buckets; empty: the host names the bucket."""
    if not name:
        return True
    if not _BUCKET.fullmatch(name) or ".." in name:
        return False
    try:
        ipaddress.IPv4Address(name)
    except ValueError:
        return True
    return False


def _check_policy(body: bytes) -> None:
    try:
        policy = json.loads(body)
    except ValueError:
        policy = None
    if not isinstance(policy, dict):
        message = "Policies must be valid JSON and the first byte must be '{'"
        raise BadRequest("MalformedPolicy", message)
    if not policy.get("Statement"):
        raise BadRequest("MalformedPolicy", "Missing required field Statement")
    statements = policy["Statement"]
    for statement in statements if isinstance(statements, list) else [statements]:
        for member in ("Effect", "Resource", "Principal", "Action"):
            if not isinstance(statement, dict) or not {member, f"Not{member}"} & statement.keys():
                raise BadRequest("MalformedPolicy", f"Missing required field {member}")


def _check_xml(body: bytes, root: str) -> None:
    """The body must be XML whose outermost element is `root`."""
    elements: list[str] = []
    parser = expat.ParserCreate()
    parser.StartElementHandler = lambda name, _: elements.append(name)
    try:
        parser.Parse(body, True)
    except expat.ExpatError as error:
        raise BadRequest("MalformedXML", MALFORMED_XML) from error
    if elements[0].rpartition(":")[2] != root:
        raise BadRequest("MalformedXML", MALFORMED_XML)


def _check_numbers(scope: Scope) -> None:
    for pair in scope["query_string"].decode("latin-1").split("&"):
        name, _, value = pair.partition("=")
        if name in _NUMBERS and value and not value.isdigit():
            message = f"Provided {name} not an integer or within integer range"
            raise BadRequest("InvalidArgument", message)


@cache
def _document(action: str) -> tuple[str, bool]:
    """The outermost element of an action's XML body, empty where it has none; whether it must be there."""
    model = get_session().get_service_model("s3")
    shape = model.operation_model(action).input_shape if action in model.operation_names else None
    payload = shape.serialization.get("payload") if shape is not None else None
    if shape is None or payload is None or shape.members[payload].type_name != "structure":
        return "", False
    return shape.members[payload].serialization.get("name", payload), payload in shape.required_members
