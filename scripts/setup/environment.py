"""Environments of their own in `.tools`, for tools whose packages are not the project's: made by a lock.

One is made where it is not there, or is of another lock, by the uv of `make setup`.
"""

import hashlib
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Environment:
    """One of them."""

    root: Path
    """The checkout."""
    name: str
    """Its folder in `.tools`."""
    lock: Path
    tool: str
    """What is in it, for people."""
    without: str
    """What cannot be done without it, a sentence."""
    target: str
    """The target of `make` that makes it."""
    besides: str = ""
    """What it depends on, besides its lock."""

    @property
    def home(self) -> Path:
        """Where it is."""
        return self.root / ".tools" / self.name

    def made(self) -> bool:
        """Whether it is there, as its lock says."""
        return self._stamp.is_file() and self._stamp.read_text() == self._wanted

    def provide(self, finish: Callable[[], object] = lambda: None) -> int:
        """Have it there, as its lock says, and `finish` done since it was made; the exit code."""
        if self.made():
            return 0
        if (code := self._make()) == 0:
            finish()
            self._keep()
        return code

    def _make(self) -> int:
        """The exit code. It counts as made once `_keep` was called."""
        print(f"setup: installing {self.tool} into .tools/{self.name}", file=sys.stderr, flush=True)
        uv, python = str(self.root / ".tools" / "bin" / "uv"), str(self.home / "bin" / "python")
        for command in (
            [uv, "venv", "--quiet", "--allow-existing", "--python", sys.executable, str(self.home)],
            [uv, "pip", "sync", "--quiet", "--compile-bytecode", "--python", python, str(self.lock)],
        ):
            if subprocess.call(command, cwd=self.root) != 0:
                print(
                    f"error: uv could not install {self.tool} (its message is above).\n"
                    f"  {self.without}\n"
                    f"  Check the network and the free space, then run it again: make {self.target}",
                    file=sys.stderr,
                )
                return 4
        return 0

    def _keep(self) -> None:
        self.home.mkdir(parents=True, exist_ok=True)
        self._stamp.write_text(self._wanted)

    @property
    def _stamp(self) -> Path:
        return self.home / ".lock-of-slipway"

    @property
    def _wanted(self) -> str:
        made_of = f"{sys.version_info[:3]} {self.root} {self.besides}".encode() + self.lock.read_bytes()
        return hashlib.sha256(made_of).hexdigest()
