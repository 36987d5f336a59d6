"""What an instance type is in Kubernetes: one pod's requests and limits, in the place of one instance. Pure.

A request is smaller than the instance, so that a node of the same type holds one pod beside the kubelet and
the cluster's own daemons: half a vCPU and a quarter of the memory are left to them.
"""

import re
from dataclasses import dataclass
from typing import Any

from release.domain.errors import UsageError
from release.domain.health.serving import vcpus

GIB_FOR_EACH_VCPU = {"c": 2, "m": 4, "r": 8}
"""Of the families that serve on processors, in the types' own pages; of m4 and c4 a little less."""
_TYPE = re.compile(r"ml\.(?P<family>[a-z]+)\d[a-z0-9-]*\.(?P<size>[a-z0-9]+)")
_BURSTABLE = "t"
_SMALL = ("medium", "small")
_LEFT_TO_THE_NODE = 500
"""Thousandths of a vCPU."""


@dataclass(frozen=True)
class PodSize:
    """What a pod may have."""

    cores: int
    mebibytes: int

    def resources(self, memory: str) -> dict[str, Any]:
        """Requests and limits, with the memory as the caller writes it.

        Both are said, because KServe has a default for what is left out: one processor.
        """
        return {
            "requests": {"cpu": f"{1000 * self.cores - _LEFT_TO_THE_NODE}m", "memory": memory},
            "limits": {"cpu": str(self.cores), "memory": memory},
        }


def pod_size(instance_type: str, key: str) -> PodSize:
    """The pod of an instance type. Raises UsageError that names `key` for a type that is not known here."""
    cores = vcpus(instance_type)
    return PodSize(cores, cores * _gib(instance_type, key) * 768)


def _gib(instance_type: str, key: str) -> int:
    """GiB of memory for each of its vCPUs."""
    found = _TYPE.fullmatch(instance_type)
    family = found["family"] if found else ""
    if found and family == _BURSTABLE:
        return 2 if found["size"] in _SMALL else 4
    if family not in GIB_FOR_EACH_VCPU:
        raise UsageError(
            f"How much memory {instance_type} has is not known here, and it comes from {key}: the families "
            "c, m, r and t are.",
            "Nothing was exported.",
            f"Change {key} and roll it out (./slipway apply), or export another format.",
        )
    return GIB_FOR_EACH_VCPU[family]
