"""A base of Debian's packages, made once for all workers of a run, and an engine to run images on it."""

import fcntl
import json
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from model.image.base import make_base
from model.image.errors import BaseImageError, ToolError
from model.image.layout import Layout, read_layout
from sandbox.core.settings import SandboxError
from sandbox.serving.engines.arguments import Network
from sandbox.serving.engines.configuration import run_folder
from sandbox.serving.engines.engine import Engine, find_engine
from scripts.image import CACHE
from tests.model.image.images import tool


@dataclass(frozen=True)
class Base:
    """The base, in the cache that `./slipway release` uses; its reference there, and its Python."""

    layout: Layout
    reference: str
    python: str


def engine_or_skip() -> Engine:
    """The container engine of this machine, with a way into containers that have no network."""
    try:
        found = find_engine()
    except SandboxError as error:
        pytest.skip(str(error).splitlines()[0])
    if found.network is not Network.NONE:
        pytest.skip("containers without a network can be reached by root with podman only")
    return found


def base_or_skip(shared: Path) -> Base:
    """The base; `shared` is a folder that all workers of this run share."""
    made = shared / "base.json"
    with (shared / "base.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            try:
                found = make_base(CACHE, print, tool("crane"))
            except (ToolError, BaseImageError) as error:
                pytest.skip(f"no base: {error.cause}")
            made.write_text(json.dumps([str(found.layout.path), found.reference, found.python]))
    path, reference, python = json.loads(made.read_text())
    return Base(read_layout(Path(path)), reference, python)


def delete_storage(storage: Path) -> None:
    """Delete an engine's storage and what describes the containers that ran on it."""
    shutil.rmtree(storage, ignore_errors=True)
    run = run_folder(storage, os.geteuid(), os.environ.get("XDG_RUNTIME_DIR", ""), tempfile.gettempdir())
    shutil.rmtree(run, ignore_errors=True)
