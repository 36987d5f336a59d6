"""podman's configuration files for the sandbox: a storage of its own, apart from the user's. Pure.

The same settings whatever /etc/containers and the user's home say, so that a sandbox behaves alike everywhere
and nothing that the user runs is touched.
"""

import json
from dataclasses import dataclass
from pathlib import Path

_FILES_LIMIT = 65536
_PROCESSES_LIMIT = 30000


@dataclass(frozen=True)
class Machine:
    """What decides about the files.

    `open_files` and `processes` are this process's hard limits. `runtime` is the OCI runtime, empty for
    podman's own choice.
    """

    storage: Path
    runtime: str
    open_files: int
    processes: int

    @property
    def run(self) -> Path:
        """What describes the containers that run now, and means nothing after the machine's next start."""
        return self.storage / "run"


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
