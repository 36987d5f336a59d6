"""AWS's clock: the machine's, moved by the fault `clock_skew`; and what is too new to be found yet.

Endpoints, models, configs and objects are stamped with it, answers say it in their Date, and the times of
signed requests are compared with it.
"""

from datetime import UTC, datetime, timedelta
from email.utils import formatdate

from sandbox.core.faults import Faults

_faults = Faults()


def install(faults: Faults) -> None:
    """Let the faults of this sandbox move the clock and hide what is young."""
    global _faults
    _faults = faults


def now() -> datetime:
    """The time, as AWS has it."""
    skew = _faults.lasting("clock_skew") if _faults else None
    return datetime.now(UTC) + timedelta(seconds=skew.seconds if skew else 0.0)


def http_date() -> str:
    """The time as an answer's Date says it: whole seconds, rounded down (RFC 9110, 5.6.7)."""
    return formatdate(int(now().timestamp()), usegmt=True)


def is_skewed() -> bool:
    """Whether AWS's clock differs from the machine's."""
    return bool(_faults) and _faults.lasting("clock_skew") is not None


def visible(service: str, created: datetime) -> bool:
    """Whether what was created then can be found by now; always, but for `eventual_consistency`."""
    fault = _faults.lasting("eventual_consistency", service) if _faults else None
    if fault is None:
        return True
    created = created if created.tzinfo else created.replace(tzinfo=UTC)
    return (now() - created).total_seconds() >= fault.seconds
