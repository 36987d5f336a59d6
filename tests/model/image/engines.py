"""Building with buildah in a storage of its own, for the tests that need an engine."""

import json
import os
import shutil
import subprocess
import tarfile
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

_TOOLS = ("buildah", "skopeo", "runc")
_CONFIGURATION = ("/etc/pip.conf", "~/.config/pip/pip.conf", "~/.config/uv/uv.toml")
_VARIABLES = ("PIP_INDEX_URL", "PIP_CERT", "UV_DEFAULT_INDEX")


def why_no_engine() -> str:
    """Why this machine cannot build with buildah; "" when it can."""
    missing = [tool for tool in _TOOLS if shutil.which(tool) is None]
    if missing:
        return f"there is no {', '.join(missing)}"
    return "" if os.geteuid() == 0 else "building with buildah in a test's own storage needs root"


def why_no_packages() -> str:
    """Why no base can be made of Debian's packages here; "" when it can."""
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        return "this is no Debian or Ubuntu"
    known = subprocess.run(["apt-cache", "show", "libc6"], capture_output=True)
    downloaded = any(Path("/var/lib/apt/lists").glob("*Packages*"))
    return "" if known.returncode == 0 and downloaded else "apt has no package lists; run apt-get update"


@dataclass(frozen=True)
class Engine:
    """buildah and skopeo on a storage in `folder`."""

    folder: Path

    def _run(self, *command: str | Path, cwd: Path | None = None) -> str:
        self.folder.mkdir(exist_ok=True)
        storage = self.folder / "storage.conf"
        storage.write_text(
            '[storage]\ndriver = "overlay"\n'
            f'runroot = "{self.folder}/run"\ngraphroot = "{self.folder}/graph"\n'
        )
        environment = {**os.environ, "CONTAINERS_STORAGE_CONF": str(storage)}
        done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=cwd)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def load(self, layout: Path, name: str) -> None:
        """Names the image of the OCI layout `layout` in the storage."""
        self._run("skopeo", "copy", "-q", "--insecure-policy", f"oci:{layout}", f"containers-storage:{name}")

    def build(self, root: Path, arguments: dict[str, str], name: str) -> None:
        """Builds model/Dockerfile below `root`, with the machine's own ways to its package index."""
        told = {key: os.environ[key] for key in _VARIABLES if key in os.environ} | arguments
        command: list[str | Path] = ["buildah", "bud", "--isolation", "chroot", "--pull-never"]
        for key, value in told.items():
            command += ["--build-arg", f"{key}={value}"]
        for path in (Path(text).expanduser() for text in (*_CONFIGURATION, *_certificates())):
            if path.is_file():
                command += ["--volume", f"{path}:{path}:ro"]
        self._run(*command, "--file", root / "model" / "Dockerfile", "--tag", name, root)

    def content(self, name: str, folder: Path) -> tuple[dict[str, Any], list[Path]]:
        """The configuration of an image, and its compressed layers, the lowest first."""
        self._run("buildah", "push", name, f"dir:{folder}")
        manifest = json.loads((folder / "manifest.json").read_text())
        config = json.loads((folder / manifest["config"]["digest"].partition(":")[2]).read_text())
        return config, [folder / layer["digest"].partition(":")[2] for layer in manifest["layers"]]

    def close(self) -> None:
        """Deletes all of it: the images, and what the storage has mounted on its own folder."""
        self._run("buildah", "rmi", "--all", "--force")
        mounts = [line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines()]
        for mount in sorted(mounts, reverse=True):
            if Path(mount).is_relative_to(self.folder):
                subprocess.run(["umount", mount], check=True)
        shutil.rmtree(self.folder)


def _certificates() -> tuple[str, ...]:
    found = os.environ.get("SSL_CERT_FILE")
    return (found,) if found else ()


def files(layers: list[Path]) -> dict[str, tuple[str, str, str]]:
    """What layers hold by path: kind and mode, the content's checksum, and where a link goes to."""
    found: dict[str, tuple[str, str, str]] = {}
    for layer in layers:
        with tarfile.open(layer, "r|*") as tar:
            for entry in tar:
                content = tar.extractfile(entry) if entry.isfile() else None
                checksum = sha256(content.read()).hexdigest() if content else ""
                name = entry.name.removeprefix("./").rstrip("/")
                found[name] = (f"{entry.type.decode()} {oct(entry.mode & 0o7777)}", checksum, entry.linkname)
    return found
