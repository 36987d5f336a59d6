"""podman's configuration files for the sandbox: a storage of its own, apart from the user's. Pure.

The settings are the same whatever /etc/containers and the user's home say, so that a sandbox behaves alike
everywhere and nothing that the user runs is touched.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

_FILES_LIMIT = 65536
_PROCESSES_LIMIT = 30000


@dataclass(frozen=True)
class Machine:
    """What the contents of the files depend on.

    `run` describes the containers that run now, and means nothing after the machine's next start. `runtime`
    is the OCI runtime, empty for podman's own choice. `open_files` and `processes` are this process's hard
    limits.
    """

    storage: Path
    run: Path
    runtime: str
    open_files: int
    processes: int


def run_folder(storage: Path, user: int, runtime_dir: str, temporary: str) -> Path:
    """The folder of what runs, for a storage: short, whatever the storage's own path is.

    With more than some 50 characters podman misses the end of containers: its sockets' paths get too long.
    `runtime_dir` is XDG_RUNTIME_DIR, which may be empty; `temporary` the folder for temporary files.
    """
    name = f"slipway-{hashlib.sha256(str(storage).encode()).hexdigest()[:8]}"
    if user == 0:
        return Path("/run") / name
    return Path(runtime_dir) / name if runtime_dir else Path(temporary) / f"{name}-{user}"


def environment(folder: Path) -> dict[str, str]:
    """The variables that make podman read the files in `folder`, and no others."""
    return {
        "CONTAINERS_CONF": str(folder / "containers.conf"),
        "CONTAINERS_STORAGE_CONF": str(folder / "storage.conf"),
        "CONTAINERS_REGISTRIES_CONF": str(folder / "registries.conf"),
    }


def files(machine: Machine) -> dict[str, str]:
    """The texts of the files by name. JSON strings are TOML strings too."""
    text = json.dumps
    # podman asks for more than an unprivileged or confined process may have
    limits = [
        f"nofile={min(machine.open_files, _FILES_LIMIT)}:{min(machine.open_files, _FILES_LIMIT)}",
        f"nproc={min(machine.processes, _PROCESSES_LIMIT)}:{min(machine.processes, _PROCESSES_LIMIT)}",
    ]
    runtime = f"runtime = {text(machine.runtime)}\n" if machine.runtime else ""
    return {
        "containers.conf": (
            f"[containers]\ndefault_ulimits = {text(limits)}\n\n[engine]\n{runtime}"
            'cgroup_manager = "cgroupfs"\nevents_logger = "none"\n'
            # podman's default lock is in memory that all its storages share
            f'lock_type = "file"\ntmp_dir = {text(str(machine.run / "tmp"))}\n'
        ),
        "storage.conf": (
            f'[storage]\ndriver = "overlay"\ngraphroot = {text(str(machine.storage / "graph"))}\n'
            f"runroot = {text(str(machine.run))}\n\n"
            # without the mount of the folder on itself it can be deleted like any folder
            '[storage.options.overlay]\nskip_mount_home = "true"\n'
        ),
        "registries.conf": "unqualified-search-registries = []\n",
        # images come from the sandbox's own registry, where their digests were checked
        "policy.json": text({"default": [{"type": "insecureAcceptAnything"}]}) + "\n",
    }
