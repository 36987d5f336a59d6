"""Why a deployment failed, in the words that SageMaker gives as FailureReason."""

NO_REGISTRY = "Failed to pull the image: the registry is not available. Please try again after some time."
PING_FAILED = (
    "The primary container for production variant {} did not pass the ping health check. "
    "Please check CloudWatch logs for this endpoint."
)
NO_CAPACITY = (
    "Unable to provision requested ML compute capacity due to InsufficientInstanceCapacity error. "
    "Please retry using a different ML instance type or after some time."
)
ALARM_TRIPPED = (
    "One or more CloudWatch alarms went into ALARM state during the deployment: {}. It was rolled back."
)
TOO_LONG = "The deployment did not finish within MaximumExecutionTimeoutInSeconds and was rolled back."
INTERNAL = "Request to service failed. If failure persists after retry, contact customer support."


class DeploymentFailed(Exception):
    """A deployment failed; `reason` becomes the endpoint's FailureReason.

    `stuck` says that it cannot be taken back either.
    """

    def __init__(self, reason: str | None, *, stuck: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.stuck = stuck
