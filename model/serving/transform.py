"""What SageMaker asks before a batch transform: how many requests at once, and how large.

It counts where the job itself says nothing: the MaxConcurrentTransforms and MaxPayloadInMB of
CreateTransformJob come first.
"""

from collections.abc import Callable

import msgspec

from model.serving.answers import JSON, Answer, fault_answer
from model.serving.application import Request
from model.serving.errors import Fault
from model.serving.settings import BATCH_MEGABYTES

PATH = "/execution-parameters"


def execution_parameters(workers: int, max_body: int) -> Callable[[Request], Answer]:
    """What answers PATH for a server of so many `workers`, whose bodies have at most `max_body` bytes.

    SageMaker refuses a job whose requests at once may be over BATCH_MEGABYTES together.
    """
    megabytes = max_body // (1024 * 1024)
    answer = {
        "MaxConcurrentTransforms": max(1, min(workers, BATCH_MEGABYTES // megabytes)),
        "BatchStrategy": "MULTI_RECORD",
        "MaxPayloadInMB": megabytes,
    }
    body = msgspec.json.encode(answer)

    def handle(request: Request) -> Answer:
        if request.method not in ("GET", "HEAD"):
            fault = Fault("method_not_allowed", "This path takes GET, HEAD.")
            return fault_answer(405, fault, "Allow: GET, HEAD\r\n")
        return Answer(200, JSON, body)

    return handle
