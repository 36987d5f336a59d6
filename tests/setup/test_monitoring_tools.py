"""Prometheus's programs under their own names, whatever a package calls them."""

import os
from pathlib import Path

import pytest

from scripts.setup.monitoring_tools import MONITORING_TOOLS, link


def test_a_program_that_a_package_calls_otherwise_has_its_own_name_in_the_tools(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packaged, tools = tmp_path / "packaged", tmp_path / "tools"
    packaged.mkdir()
    for name in ("prometheus", "promtool", "amtool", "prometheus-alertmanager"):
        (packaged / name).write_text("#!/bin/sh\n")
        (packaged / name).chmod(0o755)
    monkeypatch.setenv("PATH", os.pathsep.join(map(str, (tools, packaged))))
    for _ in ("once", "and again"):
        for tool in MONITORING_TOOLS:
            link(tool, tools)
    assert [made.name for made in tools.iterdir()] == ["alertmanager"]
    assert (tools / "alertmanager").resolve() == packaged / "prometheus-alertmanager"
