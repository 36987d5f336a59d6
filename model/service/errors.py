"""What can be wrong with the service's data or with the months that are asked for."""

from model.errors import ModelError


class DataError(ModelError):
    """The source data is missing, or is not what the code was written for."""


class MonthsError(ModelError):
    """The training months leave no later months to test on, or name no months at all."""
