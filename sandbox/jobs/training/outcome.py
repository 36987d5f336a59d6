"""What a training job comes to, decided from how its program ended. Pure."""

from sandbox.jobs.running.execution import Cause, Ended
from sandbox.jobs.training.state import Secondary

SAID = {
    Secondary.COMPLETED: "Training job completed",
    Secondary.STOPPED: "Training job stopped",
    Secondary.MAX_RUNTIME: "Training job runtime exceeded MaxRuntimeInSeconds provided",
    Secondary.MAX_WAIT: "Training job runtime exceeded MaxWaitTimeInSeconds provided",
}
"""The StatusMessage of a job that is over and did not fail."""


def end_of(ended: Ended, waited_out: bool) -> Secondary:
    """The status that a program's end leads to; `waited_out` says which of two limits was the one it met."""
    if ended.cause is Cause.STOPPED:
        return Secondary.STOPPED
    if ended.cause is Cause.TOO_LONG:
        return Secondary.MAX_WAIT if waited_out else Secondary.MAX_RUNTIME
    if ended.cause is Cause.INTERRUPTED:
        return Secondary.INTERRUPTED
    return Secondary.COMPLETED if ended.code == 0 else Secondary.FAILED
