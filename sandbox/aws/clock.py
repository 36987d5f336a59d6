"""AWS's clock: the machine's, moved by the fault `clock_skew`; and what is too young to be seen yet.

Endpoints, models and configs are stamped with it, and signed requests are held against it.
"""

from datetime import UTC, datetime, timedelta

from sandbox.aws.validation import BadRequest
from sandbox.core.faults import Faults

TOLERANCE = timedelta(minutes=5)
"""How far a request's signature may be off; AWS's own limit (S3 allows 15 minutes)."""
S3_TOLERANCE = timedelta(minutes=15)

_FORMAT = "%Y%m%dT%H%M%SZ"
_faults = Faults()


def install(faults: Faults) -> None:
    """Let the faults of this sandbox move the clock and hide what is young."""
    global _faults
    _faults = faults


def now() -> datetime:
    """The time, as AWS has it."""
    skew = _faults.lasting("clock_skew") if _faults else None
    return datetime.now(UTC) + timedelta(seconds=skew.seconds if skew else 0.0)


def visible(service: str, created: datetime) -> bool:
    """Whether what was created then can be found by now; always, but for `eventual_consistency`."""
    fault = _faults.lasting("eventual_consistency", service) if _faults else None
    if fault is None:
        return True
    created = created if created.tzinfo else created.replace(tzinfo=UTC)
    return (now() - created).total_seconds() >= fault.seconds


def check_time(service: str, signed: str) -> None:
    """Raise BadRequest for a request whose X-Amz-Date is too far off.

    Looked at only while the clock is skewed: without that both clocks are the same one.
    """
    if not _faults or _faults.lasting("clock_skew") is None:
        return
    try:
        then = datetime.strptime(signed, _FORMAT).replace(tzinfo=UTC)
    except ValueError:
        return
    here = now()
    if abs(here - then) <= (S3_TOLERANCE if service == "s3" else TOLERANCE):
        return
    if service == "s3":
        message = "The difference between the request time and the current time is too large."
        raise BadRequest("RequestTimeTooSkewed", message, 403)
    old = then < here
    limit = here - TOLERANCE if old else here + TOLERANCE
    words = "expired: {} is now earlier than" if old else "not yet current: {} is still later than"
    raise BadRequest(
        "InvalidSignatureException",
        f"Signature {words.format(signed)} {limit.strftime(_FORMAT)} "
        f"({here.strftime(_FORMAT)} {'-' if old else '+'} 5 min.)",
        403,
    )
