"""Refuses requests whose signature is too old or too new by AWS's clock."""

from datetime import UTC, datetime, timedelta

from sandbox.aws.shared.errors import BadRequest
from sandbox.core import clock

TOLERANCE = timedelta(minutes=5)
"""How far a request's signature may be off; AWS's own limit (S3 allows 15 minutes)."""
S3_TOLERANCE = timedelta(minutes=15)

_FORMAT = "%Y%m%dT%H%M%SZ"


def check_time(service: str, signed: str, *, query: bool = False) -> None:
    """Raise BadRequest for a request whose X-Amz-Date is too far off; `query`: it speaks the query protocol.

    Looked at only while the clock is skewed: without that both clocks are the same one.
    """
    if not clock.is_skewed():
        return
    try:
        then = datetime.strptime(signed, _FORMAT).replace(tzinfo=UTC)
    except ValueError:
        return
    here = clock.now()
    if abs(here - then) <= (S3_TOLERANCE if service == "s3" else TOLERANCE):
        return
    if service == "s3":
        message = "The difference between the request time and the current time is too large."
        raise BadRequest("RequestTimeTooSkewed", message, 403)
    old = then < here
    limit = here - TOLERANCE if old else here + TOLERANCE
    words = "expired: {} is now earlier than" if old else "not yet current: {} is still later than"
    raise BadRequest(
        "SignatureDoesNotMatch" if query else "InvalidSignatureException",
        f"Signature {words.format(signed)} {limit.strftime(_FORMAT)} "
        f"({here.strftime(_FORMAT)} {'-' if old else '+'} 5 min.)",
        403,
    )
