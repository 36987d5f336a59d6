"""What an instance type is in Kubernetes: one pod's requests and limits, in the place of one instance. Pure.

A request is smaller than the instance, so that a node of the same type holds one pod beside the kubelet and
the cluster's own daemons: half a vCPU and a quarter of the memory are left to them.
"""

import re
from dataclasses import dataclass
from typing import Any

from release.domain.errors import UsageError
from release.domain.health.serving import vcpus

_GIB_FOR_EACH_VCPU = {"c": 2, "m": 4, "r": 8, "t": 4}
"""Of the families that serve on processors, in the types' own pages; of m4 and c4 a little less."""
_TYPE = re.compile(r"ml\.(?P<family>[cmrt])\d+(?P<variant>[a-z-]*)\.(?P<size>medium|large|([1-9]\d?)?xlarge)")
_BURSTABLE, _MEDIUM = "t", "medium"
_ARM = "g"
"""What begins the variant of a type with processors of Arm, for which no image of ours is."""
_LEFT_TO_THE_NODE = 500
"""Thousandths of a vCPU."""


@dataclass(frozen=True)
class PodSize:
    """What a pod may have."""

    cores: int
    mebibytes: int

    def resources(self) -> dict[str, Any]:
        """Requests and limits.

        Both are said, because KServe has a default for what is left out: one processor.
        """
        memory = f"{self.mebibytes}Mi"
        return {
            "requests": {"cpu": f"{1000 * self.cores - _LEFT_TO_THE_NODE}m", "memory": memory},
            "limits": {"cpu": str(self.cores), "memory": memory},
        }


def pod_size(instance_type: str, key: str) -> PodSize:
    """The pod of an instance type. Raises UsageError that names `key` for a type that is not known here."""
    found = _TYPE.fullmatch(instance_type)
    burstable = found is not None and found["family"] == _BURSTABLE
    if found is None or found["variant"].startswith(_ARM) or (found["size"] == _MEDIUM and not burstable):
        raise UsageError(
            f"{instance_type}, which comes from {key}, is no size of a pod that is known here: the families "
            "c, m, r and t are, where their processors are not Arm's, as the image's are not.",
            "Nothing was exported.",
            f"Change {key} and roll it out (./slipway apply), or export another format.",
        )
    cores = vcpus(instance_type)
    gib = 2 if burstable and found["size"] == _MEDIUM else _GIB_FOR_EACH_VCPU[found["family"]]
    return PodSize(cores, cores * gib * 768)
