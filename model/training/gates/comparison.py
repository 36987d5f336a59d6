"""The candidate beside the yardstick and the champion, on the same rows, with how sure the difference is."""

from collections.abc import Sequence

from model.contract import Service
from model.training.kinds.gate import Gate, at_least
from model.training.kinds.table import measures_of
from model.training.measured import Measured


def gates(service: Service, measured: Measured) -> Sequence[Gate]:
    """A gate for each model that there is to compare with."""
    word, found = measures_of(service).word, []
    for name, gain, over in (
        ("yardstick", measured.yardstick, f"a {service.yardstick} model on all history"),
        ("champion", measured.champion, "the champion"),
    ):
        if gain is not None:
            sure = f", with a standard error of {gain.error:.4f}," if gain.error else ""
            what = f"the {word} gained over {over}{sure}"
            found.append(at_least(name, gain.value, service.bounds.gain, what, "+.4f"))
    return found
