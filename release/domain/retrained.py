"""What the ledger keeps of a retrain: who asked for it and why, what was trained, and how it ended.

These entries are remarks beside the rollouts: they take no stage, and the rollout of a retrained release has
entries of its own. All entries of one retrain have its id as their subject's `rollout`.
"""

from collections.abc import Mapping
from typing import Literal

from release.domain.manifest import GateResult
from release.domain.occasions import Occasion
from release.domain.pins import Data, ReleaseId, Sha256


class TrainingWindow(Data):
    """What a model learns from, and with which settings."""

    model: str
    """One of the service's pipelines."""
    options: Mapping[str, str] = {}
    """The service's own options of `train`."""
    data_version: str
    learns: str
    """The rows, in words."""


class Asked(Data):
    """A retrain begins. Its subject's release is the champion."""

    event: Literal["asked"] = "asked"
    by: str
    """The ARN of the caller."""
    actor: str = ""
    occasion: Occasion
    window: TrainingWindow
    champion: Sha256
    """Of the live model that the new one is compared with."""


class Trained(Data):
    """The model is trained and measured."""

    event: Literal["trained"] = "trained"
    sha256: Sha256
    """Of its model.tar.gz."""
    gates: tuple[GateResult, ...]


class TakenOver(Data):
    """Another process goes on with the retrain of a dead one."""

    event: Literal["taken-over"] = "taken-over"


Outcome = Literal["worse", "refused", "failed", "released", "proposed", "promoted"]


class Ended(Data):
    """How a retrain ended.

    `worse`: a gate of its evidence failed. `refused`: the release was refused, or taken back. `failed`: what
    a person has to put right came between. Otherwise the release is live in the first stage at least.
    """

    event: Literal["ended"] = "ended"
    outcome: Outcome
    release: ReleaseId | None = None
    stage: str = ""
    """The last stage that it came to, or is proposed for."""
    reasons: tuple[str, ...] = ()


What = Asked | Trained | TakenOver | Ended
Claim = Asked | TakenOver
"""By which a process says that a retrain is its own: of two that were decided on at once, one stands."""
