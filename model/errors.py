"""What can go wrong in training, said so that a person can act on it.

    ModelError            exit code 2: usage or configuration
    ├── DataError         the source data is missing, or is not what the code was written for
    ├── MonthsError       the training months leave nothing honest to test on
    ├── OutputError       a file could not be written
    ├── TrackingError     MLflow could not record the run
    ├── ChampionError     the artifact to compare with is not one of ours
    ├── BundleError       the models that are to be served together cannot be
    └── ExportError       the model could not be turned into an ONNX graph

A model that fails a gate is no error: it is a result, written down with its reason (see `model.gates`).
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


class DataError(ModelError):
    """The source data is missing, or is not what the code was written for."""


class MonthsError(ModelError):
    """The training months leave nothing honest to test on."""


class OutputError(ModelError):
    """A file could not be written: disk full, no permission, a folder where a file should be."""


class TrackingError(ModelError):
    """MLflow could not record the run."""


class ChampionError(ModelError):
    """The artifact to compare with is not one of ours, or is damaged."""


class ExportError(ModelError):
    """The model could not be turned into an ONNX graph."""


class BundleError(ModelError):
    """The models that are to be served together cannot be: one is damaged, or two have one name."""
