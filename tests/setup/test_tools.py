"""Which tools are used as they are, and which are built: decided by what they say of themselves."""

import pytest

from scripts.setup import tools
from scripts.setup.kubernetes_tools import KWOK
from scripts.setup.monitoring_tools import MONITORING_TOOLS
from scripts.setup.opentofu import TOFU
from scripts.setup.tools import TOOLS_NEEDED, usable

PULUMI, CRANE, ACTIONLINT = TOOLS_NEEDED
PROMTOOL, PROMETHEUS, AMTOOL, ALERTMANAGER = MONITORING_TOOLS


@pytest.fixture
def on_path(tmp_path, monkeypatch):
    """Puts an executable on an otherwise empty PATH that prints a version."""
    monkeypatch.setattr(tools, "BIN", tmp_path / "none")
    monkeypatch.setenv("PATH", str(tmp_path))

    def put(name: str, says: str) -> None:
        binary = tmp_path / name
        binary.write_text(f"#!/bin/sh\necho '{says}'\n")
        binary.chmod(0o755)

    return put


@pytest.mark.parametrize(
    ("tool", "says", "used"),
    [
        (PULUMI, "v3.259.0", True),
        (PULUMI, "v4.0.0-beta.1", True),
        (PULUMI, "v3.99.1", False),
        (PULUMI, "", False),
        (CRANE, "0.22.1", True),
        (CRANE, "v0.9.0", False),
        (ACTIONLINT, "v1.7.12", True),
        (ACTIONLINT, "v1.7.7", False),
        (PROMETHEUS, "prometheus, version 2.42.0+ds (branch: debian/sid, revision: 2.42.0+ds-5)", True),
        (PROMETHEUS, "prometheus, version 2.24.1 (branch: debian/sid)", False),
        (ALERTMANAGER, "alertmanager, version 0.25.0 (branch: debian/sid)", True),
        (KWOK, "kwok version v0.8.0 go1.26.8 (linux/amd64)", True),
        (KWOK, "kwok version v0.7.0 go1.24.6 (linux/amd64)", False),
        (TOFU, "OpenTofu v1.7.0\non linux_amd64", True),
        (TOFU, "OpenTofu v1.6.3\non linux_amd64", False),
    ],
)
def test_a_tool_on_path_is_used_when_it_is_new_enough(on_path, tool, says, used):
    on_path(tool.name, says)
    assert usable(tool) is used


@pytest.mark.parametrize("tool", [*TOOLS_NEEDED, *MONITORING_TOOLS, TOFU, KWOK], ids=lambda tool: tool.name)
def test_every_tool_is_pinned_by_the_module_that_it_is_built_in(tool):
    pinned = (tool.module / "go.mod").read_text()
    assert any(f"\t{line} " in pinned for line in tool.package.split("/cmd/")[:1])
    assert (tool.module / "go.sum").is_file()


def test_a_tool_is_found_under_the_name_that_a_package_gives_it(on_path):
    on_path("prometheus-alertmanager", "alertmanager, version 0.25.0 (branch: debian/sid)")
    assert usable(ALERTMANAGER)
    assert not usable(AMTOOL)


def test_a_missing_tool_is_built(on_path):
    assert not usable(PULUMI)
