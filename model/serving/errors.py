"""What can go wrong, as an exception tree.

    ServingError
    ├── StartError          the server cannot serve; it ends with `exit_code`
    │   ├── SettingsError     2  the environment or the command line is wrong
    │   └── ArtifactError     1  the model's files are missing, damaged or do not fit together
    └── RequestError        one request is refused with `status`; the server goes on

Every `RequestError` carries what a caller needs to act on it. None is written to a log: it may hold values.
"""

from dataclasses import dataclass, replace


class ServingError(Exception):
    """Base of all expected failures of the server."""


class StartError(ServingError):
    """The server cannot serve: `cause`, what follows from it, and what to do now."""

    exit_code = 1

    def __init__(self, cause: str, consequence: str, next_step: str) -> None:
        super().__init__(cause)
        self.cause = cause
        self.consequence = consequence
        self.next_step = next_step

    def __str__(self) -> str:
        return f"{self.cause} {self.consequence} {self.next_step}"


class SettingsError(StartError):
    """The environment or the command line is wrong."""

    exit_code = 2


class ArtifactError(StartError):
    """The model's files are missing, damaged or do not fit together."""

    exit_code = 1


@dataclass(frozen=True)
class Fault:
    """What is wrong with a request.

    `row` counts from 0 within the request; `field` is a feature's name; `given` and `expected` are for
    people. What is None is left out of the answer.
    """

    code: str
    message: str
    row: int | None = None
    field: str | None = None
    given: str | None = None
    expected: str | None = None


class RequestError(ServingError):
    """A request that is refused: an HTTP status and the fault."""

    def __init__(self, status: int, fault: Fault) -> None:
        super().__init__(fault.message)
        self.status = status
        self.fault = fault


def refused(code: str, message: str, status: int = 400) -> RequestError:
    """A RequestError about the request as a whole."""
    return RequestError(status, Fault(code, message))


def with_hint(error: RequestError, hint: str) -> RequestError:
    """The same refusal, whose message goes on with `hint`: what the caller may have meant, and what to do."""
    return RequestError(error.status, replace(error.fault, message=f"{error.fault.message} {hint}"))
