"""What the evaluation of a candidate came to, as plain values that a file can hold.

`model.training.assessment` measures; here is what evidence, records and people are told of it.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from model import artifact
from model.contract import Service
from model.training.assessment import Assessment
from model.training.evaluation import metrics
from model.training.kinds.gate import Gate
from model.training.kinds.table import measures_of


@dataclass(frozen=True)
class Evaluated:
    """A candidate's measures and the answers of its gates."""

    measured: Mapping[str, float]
    """All measures of validation and test rows, as flat numbers."""
    compared: Mapping[str, float | None]
    """What it gained over others, and how far its graph is from scikit-learn; None where nothing is known."""
    gates: tuple[Gate, ...]
    told: Mapping[str, Any]
    """What the model card tells of the test rows (`model.training.told`), as JSON values."""
    champion: str | None = None
    """The SHA-256 of the live model.tar.gz that it was compared with."""

    def to_bytes(self) -> bytes:
        """As JSON."""
        return artifact.as_json(asdict(self))


def from_bytes(content: bytes) -> Evaluated:
    """The value that `to_bytes` wrote. Raises KeyError, TypeError or ValueError when it is none."""
    found = json.loads(content)
    gates = tuple(Gate(**gate) for gate in found["gates"])
    return Evaluated(found["measured"], found["compared"], gates, found["told"], found["champion"])


def evaluated(service: Service, assessment: Assessment, champion: str | None = None) -> Evaluated:
    """What an assessment says; `champion` is the SHA-256 of what it was compared with."""
    main, found = measures_of(service).main, assessment.measured
    gains = {"yardstick": found.yardstick, "champion": found.champion}
    compared: dict[str, Any] = {
        **{f"test_{main}_over_{name}": _number(gain.value) for name, gain in gains.items() if gain},
        **{f"test_{main}_over_{name}_error": _number(gain.error) for name, gain in gains.items() if gain},
        "parity": _number(found.parity),
    }
    measured = {
        **metrics("validation", main, assessment.validation),
        **metrics("test", main, assessment.test),
    }
    return Evaluated(measured, compared, assessment.gates, assessment.told, champion)


def _number(value: float) -> float | None:
    """What was measured; None where it was not: the evidence is plain JSON, and its gate has failed."""
    return value if math.isfinite(value) else None
