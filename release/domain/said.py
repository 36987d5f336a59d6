"""What people say of a release, for the ledger: a yes, a yes taken back, a gate waived. Nothing moves."""

from typing import Literal

from release.domain.pins import Data


class Caller(Data):
    """Who works here: the ARN that AWS gives to the credentials.

    `actor` is whom the environment of CI names. Whoever runs a command chooses its environment, so that is a
    remark and proves nothing.
    """

    arn: str
    actor: str = ""

    def __str__(self) -> str:
        return shown(self.arn, self.actor)


class Said(Data):
    """A person's word: `by` is the ARN of the caller."""

    event: Literal["approved", "revoked", "waived"]
    by: str
    reason: str
    actor: str = ""
    evidence: str = ""
    """Of a yes: what it is a yes to."""
    gate: str = ""
    """Of a waiver: which gate."""
    until: str = ""
    """Of a waiver: the last day on which it counts."""


def shown(arn: str, actor: str = "") -> str:
    """A caller for people: the ARN without partition, service and account, and whom CI names."""
    parts = arn.split(":", 5)
    name = parts[5] if len(parts) == 6 and parts[0] == "arn" else arn
    return f"{name} (CI says: {actor})" if actor else name
