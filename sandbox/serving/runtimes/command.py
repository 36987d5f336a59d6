"""The command that an instance runs, with its environment and a command to run after it."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Launch:
    """A command, its whole environment and its working folder.

    `after` is a command that takes away what the first one may leave behind. `pid_file`, where there is one,
    will hold the process id of the server, which then is not that of the command.
    """

    argv: list[str]
    env: dict[str, str]
    cwd: Path
    after: tuple[str, ...] = ()
    pid_file: Path | None = None
