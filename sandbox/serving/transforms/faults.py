"""Why a file, or a whole transform job, failed: the words of SageMaker's data log and FailureReason.

People met REFUSED's lines in aws/amazon-sagemaker-examples#1620, FAILED's in
aws/sagemaker-tensorflow-serving-container#93, NO_ANSWER in aws/sagemaker-python-sdk#1951, SEE_LOGS in
aws/deep-learning-containers#586, NOT_PARSED_OUT in #821 and NOT_PARSED_IN in #898 of the examples. The other
words are as forums quote them; AWS documents none of these.
"""

SEE_LOGS = "See job logs for more information"
NO_PING = (
    "Model container failed to respond to ping; Ensure /ping endpoint is implemented and responds with an "
    "HTTP 200 status code"
)
REFUSED = "ClientError: {}"
FAILED = "Bad HTTP status received from algorithm: {}"
NO_ANSWER = "Unable to get response from algorithm"
TOO_LARGE = "Too much data for max payload size"
NOT_PARSED_IN = "Failed to parse input as {}: {}"
NOT_PARSED_OUT = "Failed to parse output from the algorithm as {}"
NOT_SAME_LINES = "Fail to join data: mismatched line count between the input and the output"

CLIENT, ALGORITHM = "ClientError", "AlgorithmError"
"""Whose fault it is: the data's or the request's, or the container's."""


class FileFailed(Exception):
    """One file was not transformed: nothing of it is stored, and the job goes on with the others."""

    def __init__(self, whose: str, *lines: str) -> None:
        super().__init__("\n".join(lines))
        self.whose = whose
        self.lines = lines
        """What the data log says of the file."""


def bad_data(message: str) -> FileFailed:
    """A file that is not what the request calls it, or whose answer is not."""
    return FileFailed(CLIENT, message)


def bad_answer(status: int, body: bytes) -> FileFailed:
    """A container that answered a file's request with an error."""
    client = 400 <= status < 500
    head = (REFUSED if client else FAILED).format(status)
    said = body.decode(errors="replace").splitlines()
    return FileFailed(CLIENT if client else ALGORITHM, head, "", "Message:", *said)
