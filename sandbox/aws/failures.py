"""What AWS would say where moto fails on a request that it took for a good one.

moto looks things up without asking whether they are there, and reads members that need not be given. The
first is the service's own "not found"; the second is a way of calling that the sandbox does not cover.
"""

import traceback
from functools import cache
from pathlib import Path

from botocore.exceptions import UnknownServiceError
from botocore.session import get_session

from sandbox.aws import s3_requests
from sandbox.aws.coverage import not_covered
from sandbox.aws.validation import BadRequest

_OURS = str(Path(__file__).parents[1])
_DOOR = ("application.py", "failures.py")
_MISSING = ("NotFound", "NoSuch", "DoesNotExist")


def explain(service: str, action: str, body: bytes, error: Exception) -> BadRequest:
    """The error that the caller gets for a failure inside moto or the sandbox."""
    if service == "s3" and (refusal := s3_requests.failure(action, error)) is not None:
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
    """Whether code of the sandbox was at work, and not moto alone."""
    files = [Path(frame.filename) for frame in traceback.extract_tb(error.__traceback__)]
    return any(str(file).startswith(_OURS) and file.name not in _DOOR for file in files)


@cache
def _not_found_code(service: str, action: str) -> str:
    """The code that an action has for what is not there; empty where it has none."""
    try:
        operation = get_session().get_service_model(service).operation_model(action)
    except (UnknownServiceError, ValueError):
        return ""
    codes = [shape.error_code for shape in operation.error_shapes]
    return next((code for code in codes if any(part in code for part in _MISSING)), "")
