"""What can be wrong with the months that are asked for."""

from model.errors import ModelError


class MonthsError(ModelError):
    """The training months leave no later months to test on, or name no months at all."""
