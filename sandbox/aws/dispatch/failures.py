"""Turns an exception out of moto, or out of the sandbox, into the error that the caller gets.

Three cases are told apart. moto looked up a name that does not exist (KeyError): the caller gets the
service's own "not found". moto read a member that the request need not have: the caller learns that the
sandbox does not cover this way of calling the action. The sandbox itself failed: InternalFailure.
"""

import traceback
from functools import cache
from pathlib import Path

from botocore.exceptions import UnknownServiceError
from botocore.session import get_session

from sandbox.aws.s3 import rules as s3_rules
from sandbox.aws.shared.coverage import not_covered
from sandbox.aws.shared.errors import BadRequest

_DISPATCH = Path(__file__).parent
_SANDBOX = _DISPATCH.parents[1]
_MISSING = ("NotFound", "NoSuch", "DoesNotExist")


def explain(service: str, action: str, body: bytes, error: Exception) -> BadRequest:
    """The error that the caller gets for a failure inside moto or the sandbox."""
    if service == "s3" and (refusal := s3_rules.failure(action, error)) is not None:
        return refusal
    if isinstance(error, KeyError) and (code := _not_found_code(service, action)):
        name = str(error.args[0]) if error.args else ""
        if name and name.encode() in body:
            return BadRequest(code, f"{name} does not exist.")
    what = f"{type(error).__name__}: {error}"
    if _is_ours(error):
        return BadRequest("InternalFailure", f"The sandbox failed on {service} {action}: {what}")
    message = f"{not_covered(service, action)} moto knows the action, but not this way to call it: {what}"
    return BadRequest("NotImplemented", message)


def _is_ours(error: Exception) -> bool:
    """Whether code of a service of the sandbox was at work, and not moto alone."""
    files = [Path(frame.filename) for frame in traceback.extract_tb(error.__traceback__)]
    return any(file.is_relative_to(_SANDBOX) and file.parent != _DISPATCH for file in files)


@cache
def _not_found_code(service: str, action: str) -> str:
    """The code that an action has for what is not there; empty where it has none."""
    try:
        operation = get_session().get_service_model(service).operation_model(action)
    except (UnknownServiceError, ValueError):
        return ""
    codes = [shape.error_code for shape in operation.error_shapes]
    return next((code for code in codes if any(part in code for part in _MISSING)), "")
