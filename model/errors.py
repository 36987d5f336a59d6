"""What errors of this package say: a cause, a consequence and the next step.

ModelError       exit code 2: usage or configuration
├── OutputError  a file could not be written
├── ServiceError a service's folder is not as `model.contract` wants it
├── DataError    a service's data cannot be read, or is not as the service says
├── …            what can be wrong with months (`model.service.errors`)
├── …            what can go wrong in training (`model.training.errors`)
└── ImageError   what can go wrong with an image (`model.image.errors`)
"""


class ModelError(Exception):
    """An error with its cause, its consequence and the next step, one line each.

    `exit_code` is what the command ends with.
    """

    exit_code = 2

    def __init__(self, cause: str, consequence: str, next_step: str) -> None:
        super().__init__(cause, consequence, next_step)
        self.cause = cause
        self.consequence = consequence
        self.next_step = next_step

    def __str__(self) -> str:
        return "\n".join((self.cause, self.consequence, self.next_step))


class OutputError(ModelError):
    """A file could not be written: disk full, no permission, a folder where a file should be."""


class ServiceError(ModelError):
    """A service's folder is not there, or does not tell what `model.contract` asks of it."""


class DataError(ModelError):
    """A service's data cannot be read, is not as the service says, or is larger than the memory."""
