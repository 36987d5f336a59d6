"""Who works on a rollout: a process, and its heartbeat. Pure; whether it lives is asked by adapters."""

from pydantic import AwareDatetime, ConfigDict

from release.domain.values import Data


class Owner(Data):
    """The process that works on a rollout. `started` tells a reused process id from the same process.

    `counted_in` says what the id counts in: containers of one host name, and one host before and after it
    was started anew, have the same ids for other processes. It is "" in entries of earlier versions.
    """

    host: str
    pid: int
    started: int
    user: str
    counted_in: str = ""

    def __str__(self) -> str:
        return f"{self.user} on {self.host}, process {self.pid}"


class Heartbeat(Data):
    """What the process at work on a rollout writes beside the ledger, for readers on other hosts."""

    model_config = ConfigDict(extra="ignore", frozen=True)
    """What a later version adds must not make its process look dead."""

    rollout: str
    at: AwareDatetime
    number: int = 0
    """The newest entry that it knows: nobody has to look for the end of the ledger before it."""
    sha256: str = ""
    """The hash of that entry, so that the end of the ledger can be proven too."""
