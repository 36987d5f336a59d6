"""How a job's requests are made: as it says, else as its container asks for, else by AWS's defaults. Pure.

The order is that of "How Containers Serve Requests" (your-algorithms-batch-code in the developer guide).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

MEGABYTE = 1024 * 1024
MOST_MEGABYTES = 100
"""Of one payload, and of all requests at once."""
DEFAULT_MEGABYTES = 6
PATH = "/execution-parameters"


@dataclass(frozen=True)
class Parameters:
    """Requests at once to an instance, megabytes of one (0: no limit, sent in chunks), records in one."""

    at_once: int = 1
    megabytes: int = DEFAULT_MEGABYTES
    single: bool = False

    @property
    def limit(self) -> int | None:
        """Bytes of one request; None where there is no limit."""
        return self.megabytes * MEGABYTE or None

    @property
    def words(self) -> str:
        """As the first line of the data log says them."""
        strategy = "SINGLE_RECORD" if self.single else "MULTI_RECORD"
        sizes = f"MaxConcurrentTransforms={self.at_once}, MaxPayloadInMB={self.megabytes}"
        return f"{sizes}, BatchStrategy={strategy}"


def complete(request: Mapping[str, Any]) -> bool:
    """Whether a CreateTransformJob leaves nothing for its container to say."""
    return bool(request.get("MaxConcurrentTransforms")) and {"MaxPayloadInMB", "BatchStrategy"} <= set(
        request
    )


def parameters(request: Mapping[str, Any], answer: bytes | None) -> Parameters:
    """Those of a CreateTransformJob; `answer` is what its container said to PATH, or None."""
    asked = _read(answer)
    at_once = request.get("MaxConcurrentTransforms") or _whole(asked, "MaxConcurrentTransforms", 1)
    megabytes = request.get("MaxPayloadInMB")
    strategy = request.get("BatchStrategy") or asked.get("BatchStrategy")
    return Parameters(
        max(at_once, 1),
        _whole(asked, "MaxPayloadInMB", DEFAULT_MEGABYTES) if megabytes is None else megabytes,
        single=str(strategy).replace("_", "").lower() == "singlerecord",
    )


def environment(request: Mapping[str, Any]) -> dict[str, str]:
    """The variables of a job's container: SageMaker's own, and the request's on top.

    What the request does not say is not told the container either.
    """
    found = {"SAGEMAKER_BATCH": "true"}
    if request.get("MaxPayloadInMB") is not None:
        found["SAGEMAKER_MAX_PAYLOAD_IN_MB"] = str(request["MaxPayloadInMB"])
    if strategy := request.get("BatchStrategy"):
        found["SAGEMAKER_BATCH_STRATEGY"] = f"{strategy.removesuffix('Record').upper()}_RECORD"
    if request.get("MaxConcurrentTransforms"):
        found["SAGEMAKER_MAX_CONCURRENT_TRANSFORMS"] = str(request["MaxConcurrentTransforms"])
    return found | (request.get("Environment") or {})


def _read(answer: bytes | None) -> Mapping[str, Any]:
    try:
        found = json.loads(answer or b"{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _whole(asked: Mapping[str, Any], name: str, usual: int) -> int:
    value = asked.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else usual
