"""A stage's stack in the real engine, in a folder of its own that is its backend too."""

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from release.adapters.stack import PulumiStack
from tests.conftest import ROOT


def project(folder: Path, monkeypatch: pytest.MonkeyPatch, stage_file: str) -> None:
    """Make `folder` a project with the stage `prod`, and the engine find it, its backend and its secrets."""
    (folder / "Pulumi.yaml").write_text("name: slipway\nruntime: python\n")
    (folder / "Pulumi.prod.yaml").write_text(stage_file)
    monkeypatch.setenv("PATH", f"{ROOT / '.tools' / 'bin'}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PULUMI_BACKEND_URL", f"file://{folder}")
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "x")


def stack_in(folder: Path, region: str = "us-east-1") -> PulumiStack:
    """The stack of `prod` there, as a new command has it; it says nothing."""
    aws = SimpleNamespace(stage="prod", account="123456789012", region=region)
    return PulumiStack(folder, cast(Any, aws), lambda _: None)
