"""The errors of a release, each with its exit code.

    SlipwayError
    ├── ReleaseFailed       1  a gate or a check said no; nothing changed, or it was taken back
    ├── UsageError          2  wrong arguments or configuration; nothing changed
    ├── Held                3  a person has to decide
    └── ServiceError        4  AWS or Pulumi failed; the state is recorded, the same command can run again
        ├── ApplyFailed        `pulumi up` ended with an error
        └── Damaged            an entry of the ledger is gone, or is none

Every error names its cause, its consequence and the next step, because the reader is somebody in the middle
of a deployment. Rendering and exiting are the commands' job (`scripts/shared/cli.py`).
"""


class SlipwayError(Exception):
    """Base of all expected failures.

    `cause` says what is wrong, `consequence` what that means for the stage, `next_step` what to do now.
    """

    exit_code = 1

    def __init__(self, cause: str, consequence: str = "", next_step: str = "") -> None:
        super().__init__(cause)
        self.cause = cause
        self.consequence = consequence
        self.next_step = next_step

    def __str__(self) -> str:
        return "\n".join(part for part in (self.cause, self.consequence, self.next_step) if part)


class ReleaseFailed(SlipwayError):
    """A definite no: a gate, a check or the service refused the release."""

    exit_code = 1


class UsageError(SlipwayError):
    """The command or the configuration is wrong; nothing was changed."""

    exit_code = 2


class Held(SlipwayError):
    """The state is safe, and only a person can say how to go on."""

    exit_code = 3


class ServiceError(SlipwayError):
    """AWS, the registry or Pulumi failed or could not tell; what happened so far is recorded."""

    exit_code = 4


class ApplyFailed(ServiceError):
    """`pulumi up` ended with an error; what it had done before is in the stack's state."""


class Damaged(ServiceError):
    """An entry of the ledger is gone, or cannot be read. A way back passes over it, nothing else does."""
