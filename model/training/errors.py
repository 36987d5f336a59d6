"""What can go wrong in training, said so that a person can act on it.

A model that fails a gate is no error: it is a result, written down with its reason (`model.training.gates`).
"""

from model.errors import ModelError


class TrackerNameError(ModelError):
    """There is no tracker of that name."""


class TrackerError(ModelError):
    """A tracker that is asked does not answer."""


class ChampionError(ModelError):
    """The artifact to compare with is not one of ours, or is damaged."""


class ExportError(ModelError):
    """The model could not be turned into an ONNX graph."""


class BundleError(ModelError):
    """The models that are to be served together cannot be: one is damaged, or two have one name."""


class JobInputError(ModelError):
    """A training job was not given what it needs, or more than it knows."""


class JobOutputError(ModelError):
    """What a training job left is no model, or another one than it says."""

    exit_code = 1


class SearchError(ModelError):
    """A search for parameters has nothing to try, or nothing of what it tried could be fitted."""
