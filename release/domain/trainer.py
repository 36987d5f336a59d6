"""Who trains a model for a retrain, here or by a job elsewhere: what the operation needs of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from release.domain.events import Tell
from release.domain.retrained import TrainingWindow


@dataclass(frozen=True)
class Look:
    """What a retrain would learn, before it is trained."""

    window: TrainingWindow
    about: Mapping[str, Any]
    """What its artifact would say of what it learned from."""
    live: Mapping[str, Any]
    """What the champion's artifact says."""


class Trainer(Protocol):
    """Who trains a service's model, wherever. `champion` is the live model's model.tar.gz."""

    @property
    def service(self) -> str:
        """The service's name."""

    def look(self, champion: Path) -> Look:
        """What there is to learn. Raises UsageError for options that mean nothing, or data that is wrong."""

    def train(self, window: TrainingWindow, champion: Path, out: Path, tell: Tell) -> None:
        """Train and measure beside the champion; leaves in `out` what a release takes, `evidence.json` last.

        Raises UsageError for what a person has to put right.
        """
