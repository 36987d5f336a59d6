"""Why a job failed, in the words that SageMaker gives as FailureReason.

People met NO_CONTAINER in aws/sagemaker-python-sdk#57 and #1968, NO_DATA in
aws/amazon-sagemaker-examples#4384. An algorithm's failure is told by the first 1024 characters of its file
`/opt/ml/output/failure` ("How Amazon SageMaker AI Processes Training Output" in the developer guide).
"""

MOST_FAILURE = 1024
"""Characters of a FailureReason."""

ALGORITHM = "AlgorithmError: {}, exit code: {}"
NO_CONTAINER = (
    "ClientError: Cannot pull algorithm container. Either the image does not exist or its permissions are "
    "incorrect."
)
UNUSABLE_IMAGE = "ClientError: The algorithm container cannot be used: {}."
NO_DATA = "ClientError: Data download failed:{}"
NO_UPLOAD = "ClientError: Artifact upload failed:{}"
INTERNAL = "InternalServerError: We encountered an internal error. Please try again."


class JobFailed(Exception):
    """A job failed before its program ran, or after; the message is its FailureReason."""


class TryAgain(Exception):
    """The service failed, not the job: a RetryStrategy applies."""


def algorithm_error(code: int, told: str) -> str:
    """The FailureReason of a program that ended with a `code` and told that in its file, or nothing."""
    room = MOST_FAILURE - len(ALGORITHM.format("", code))
    return ALGORITHM.format(told[:room], code)
