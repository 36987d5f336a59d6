"""What a service does with its pipeline's score before that is the answer: small values, in order.

They are compiled into the graph, and applied to what scikit-learn says (`model.training.postprocessing`):
what is measured, compared and served is the same, and no code of a service runs where it is served.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite


@dataclass(frozen=True)
class Clip:
    """No answer is below `minimum` or above `maximum`."""

    minimum: float
    maximum: float


@dataclass(frozen=True)
class Scale:
    """A number times `factor`, and `offset` more."""

    factor: float = 1.0
    offset: float = 0.0


@dataclass(frozen=True)
class Calibrate:
    """A probability whose log-odds are taken times `slope`, and `intercept` more.

    It keeps the order of the rows. With the logarithm of the share of the zeros that training kept as
    `intercept`, it undoes that the others were left out.
    """

    slope: float = 1.0
    intercept: float = 0.0


Postprocessing = Clip | Scale | Calibrate
_FOR = {"binary": (Clip, Calibrate), "regression": (Clip, Scale), "multiclass": ()}


def problems(kind: str, postprocessing: Sequence[Postprocessing]) -> list[str]:
    """What contradicts itself, or would make another kind of answer of it."""
    found = []
    for each in postprocessing:
        if not isinstance(each, _FOR.get(kind, ())):
            found.append(f"its postprocessing holds {each!r}, which is nothing for {kind} answers")
        elif not _is_right(each) or (kind == "binary" and isinstance(each, Clip) and not _is_part(each)):
            found.append(f"its postprocessing {each!r} leaves no usable answers")
    return found


def _is_right(each: Postprocessing) -> bool:
    match each:
        case Clip(minimum, maximum):
            return isfinite(minimum) and isfinite(maximum) and minimum < maximum
        case Scale(factor, offset):
            return isfinite(factor) and isfinite(offset) and factor != 0
        case Calibrate(slope, intercept):
            return isfinite(slope) and isfinite(intercept) and slope > 0


def _is_part(clip: Clip) -> bool:
    return clip.minimum >= 0 and clip.maximum <= 1
