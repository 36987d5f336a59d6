"""Finds the container engine of this machine, tries it, and runs its commands (see `arguments`)."""

import fcntl
import os
import resource
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sandbox.core.settings import SandboxError
from sandbox.serving.engines import arguments, configuration
from sandbox.serving.engines.arguments import Kind, Network
from sandbox.serving.engines.configuration import Machine

KINDS: tuple[Kind, ...] = ("podman", "docker")
"""In the order of preference: podman needs no daemon, and the sandbox can give it a storage of its own."""

TIME_LIMIT = 300.0
"""Seconds that one command of an engine may take; loading a large image is the longest."""

_ENDING, _ENDING_SECONDS, _REMOVALS = "container state improper", 0.2, 10
_SYSTEM_PATH = "/usr/local/sbin:/usr/sbin:/sbin"
_KEPT = ("HOME", "USER", "LOGNAME", "TMPDIR", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS")
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class EngineError(Exception):
    """A command of an engine failed; the message is its last line."""


@dataclass(frozen=True)
class Engine:
    """podman or docker: the program, its whole environment, and the network that its containers get.

    `storage` is a folder for its images and locks, shared by all sandboxes of this checkout.
    """

    kind: Kind
    program: Path
    env: dict[str, str]
    network: Network
    storage: Path

    def command(self, words: Sequence[str]) -> list[str]:
        """The whole command line for an engine's arguments."""
        return [str(self.program), *words]

    def run(self, words: Sequence[str], folder: Path = Path("/")) -> str:
        """What the engine prints, run in `folder`. Raises EngineError."""
        try:
            done = subprocess.run(
                self.command(words),
                env=self.env,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=TIME_LIMIT,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise EngineError(f"{self.kind} {words[0]}: {error}") from error
        if done.returncode != 0:
            told = done.stderr.strip().splitlines()
            raise EngineError(f"{self.kind} {words[0]}: {told[-1] if told else f'code {done.returncode}'}")
        return done.stdout.strip()

    def remove(self, *names: str) -> None:
        """Kill and delete containers. Raises EngineError.

        podman refuses one that ends by itself at that very moment ("container state improper"), and takes it
        when it is asked again.
        """
        for attempt in range(_REMOVALS):
            try:
                self.run(arguments.remove(self.kind, *names))
            except EngineError as error:
                if _ENDING not in str(error) or attempt + 1 == _REMOVALS:
                    raise
                time.sleep(_ENDING_SECONDS)
            else:
                return

    def sweep(self, owner: str) -> None:
        """Kill and delete every container of a sandbox's home. Raises EngineError."""
        left = self.run(arguments.list_of(owner)).split()
        if left:
            self.remove(*left)


def find_engine(environ: Mapping[str, str] = os.environ) -> Engine:
    """The first engine on PATH that works, or the one that SLIPWAY_CONTAINER_ENGINE names.

    Raises SandboxError that says of each why it does not.
    """
    wanted = environ.get("SLIPWAY_CONTAINER_ENGINE", "")
    if wanted not in ("", *KINDS):
        raise SandboxError(
            f"SLIPWAY_CONTAINER_ENGINE is {wanted!r}.", "Nothing was started.", "Set it to podman or docker."
        )
    faults = []
    for kind in KINDS:
        if wanted not in ("", kind):
            continue
        try:
            return _engine(kind, environ)
        except (EngineError, OSError) as error:
            faults.append(str(error).rstrip("."))
    raise SandboxError(
        f"No container engine works here. {'; '.join(faults)}.",
        "Nothing was started: the container runtime needs one.",
        "Install podman and runc (Debian, Ubuntu: apt-get install podman runc), start docker, or leave "
        "--runtime container out.",
    )


def storage_folder(environ: Mapping[str, str]) -> Path:
    """Where images are kept for all sandboxes: SLIPWAY_CONTAINER_STORAGE, or .build of this checkout."""
    given = environ.get("SLIPWAY_CONTAINER_STORAGE")
    return Path(given).absolute() if given else Path(__file__).resolve().parents[3] / ".build" / "containers"


def network_of(kind: Kind, user: int, platform: str) -> Network:
    """What containers get of the network: nothing, where the sandbox can enter their namespaces.

    That takes Linux and root. docker may be on another machine, and publishes a port wherever it is.
    """
    if kind == "docker":
        return Network.PUBLISHED
    return Network.NONE if user == 0 and platform == "linux" else Network.HOST


def _engine(kind: Kind, environ: Mapping[str, str]) -> Engine:
    path = os.pathsep.join(filter(None, (environ.get("PATH", os.defpath), _SYSTEM_PATH)))
    program = shutil.which(kind, path=path)
    if program is None:
        raise EngineError(f"{kind} is not on PATH")
    storage = storage_folder(environ)
    storage.mkdir(parents=True, exist_ok=True)
    env = {name: environ[name] for name in _KEPT if name in environ} | {"PATH": path}
    if kind == "docker":
        env |= {name: value for name, value in environ.items() if name.startswith("DOCKER_")}
    else:
        env |= _configure(storage, path)
    engine = Engine(kind, Path(program), env, network_of(kind, os.geteuid(), sys.platform), storage)
    # `version` of docker, `info` of podman: both fail when the engine could not run a container
    engine.run(["version"] if kind == "docker" else ["info"])
    return engine


def _configure(storage: Path, path: str) -> dict[str, str]:
    """Write podman's files; returns the variables that lead to them."""
    run = configuration.run_folder(
        storage, os.geteuid(), os.environ.get("XDG_RUNTIME_DIR", ""), tempfile.gettempdir()
    )
    machine = Machine(
        storage=storage,
        run=run,
        # crun, podman's own choice, does not run on every kernel that runc runs on
        runtime="runc" if shutil.which("runc", path=path) else "",
        open_files=_hard_limit(resource.RLIMIT_NOFILE),
        processes=_hard_limit(resource.RLIMIT_NPROC),
    )
    folder = storage / "configuration"
    folder.mkdir(parents=True, exist_ok=True)
    with locked(storage / "configuration.lock"):
        for name, text in configuration.files(machine).items():
            _write(folder / name, text)
        _own(run)
        _forget_others(storage, run)
    return configuration.environment(folder)


@contextmanager
def locked(file: Path) -> Generator[None]:
    """Hold a lock among all processes that use the storage."""
    with file.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _own(run: Path) -> None:
    """Make the folder of what runs; where others may write beside it, it must not be theirs."""
    run.mkdir(mode=0o700, parents=True, exist_ok=True)
    if run.is_symlink() or run.stat().st_uid != os.geteuid():
        raise EngineError(f"{run} belongs to somebody else")


def _forget_others(storage: Path, run: Path) -> None:
    """Empty the folder of what runs when it is of an earlier storage, or of before the machine's start."""
    identity = storage / "identity"
    if not identity.exists():
        identity.write_text(secrets.token_hex(16))
    boot = _BOOT_ID.read_text() if _BOOT_ID.exists() else ""
    stamp, expected = run / "stamp", f"{identity.read_text()} {boot}"
    if not stamp.exists() or stamp.read_text() != expected:
        shutil.rmtree(run)
        run.mkdir(mode=0o700)
        stamp.write_text(expected)


def _hard_limit(kind: int) -> int:
    limit = resource.getrlimit(kind)[1]
    return sys.maxsize if limit == resource.RLIM_INFINITY else limit


def _write(file: Path, text: str) -> None:
    """Write a file in one step, unless it holds the text: other sandboxes may be reading it."""
    if file.exists() and file.read_text() == text:
        return
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    draft.write_text(text)
    draft.replace(file)
