"""How the engine finds the offline plugins, and how the language host starts a program. Files and values."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.pulumi.language_host.packages import installed, required
from sandbox.pulumi.language_host.program import Program, Run, command, environment, interpreter
from sandbox.pulumi.toolchain import ToolchainError, install_language_host, prepare_pulumi_home

PLUGIN = "resource-aws-v7.51.1"


def executable(file: Path, text: str = "#!/bin/sh\n") -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    file.chmod(0o755)
    return file


def bin_dir(folder: Path) -> Path:
    """A folder as `.tools/bin`: an engine and the SDK's executor."""
    executable(folder / "pulumi")
    executable(folder / "pulumi-language-python-exec")
    return folder


def test_the_engine_finds_a_provider_and_a_host_that_are_ours(tmp_path):
    host = install_language_host(bin_dir(tmp_path / "bin"))
    provider = prepare_pulumi_home(tmp_path / "home") / "pulumi-resource-aws"
    assert host == tmp_path / "bin" / "pulumi-language-python"
    assert provider == tmp_path / "home" / "plugins" / PLUGIN / "pulumi-resource-aws"
    for wrapper in filter(None, (host, provider)):
        assert os.access(wrapper, os.X_OK)
        assert sys.executable in wrapper.read_text(encoding="utf-8")


def test_writing_them_again_changes_nothing(tmp_path):
    wrapper = install_language_host(bin_dir(tmp_path / "bin"))
    assert wrapper is not None
    before = wrapper.stat()
    assert install_language_host(tmp_path / "bin") == wrapper
    assert wrapper.stat().st_mtime_ns == before.st_mtime_ns
    prepare_pulumi_home(tmp_path / "home")
    prepare_pulumi_home(tmp_path / "home")


def test_a_wrapper_works_from_a_path_with_a_space_and_passes_its_arguments_on(tmp_path):
    wrapper = install_language_host(bin_dir(tmp_path / "a b"))
    assert wrapper is not None
    done = subprocess.run([str(wrapper), "--help"], capture_output=True, text=True, check=True)
    assert "pulumi-language-python" in done.stdout


def test_an_engine_with_a_host_of_its_own_keeps_it(tmp_path):
    official = bin_dir(tmp_path / "official")
    executable(official / "pulumi-language-python", "the official one")
    ours = tmp_path / "bin"
    ours.mkdir()
    (ours / "pulumi").symlink_to(official / "pulumi")
    assert install_language_host(ours) is None
    assert not (ours / "pulumi-language-python").exists()


def test_a_missing_executor_is_said_with_what_to_do(tmp_path):
    executable(tmp_path / "bin" / "pulumi")
    with pytest.raises(ToolchainError, match="make setup"):
        install_language_host(tmp_path / "bin")


def test_the_real_provider_is_linked_on_request_and_unlinked_again(tmp_path):
    real = executable(tmp_path / "user" / "plugins" / PLUGIN / "pulumi-resource-aws", "the real one")
    wish = {"SLIPWAY_AWS_PROVIDER": "real"}
    folder = prepare_pulumi_home(tmp_path / "home", user_home=tmp_path / "user", environ=wish)
    assert (folder / "pulumi-resource-aws").resolve() == real
    # The engine does not look into a plugin's folder that is a link.
    assert not folder.is_symlink()
    prepare_pulumi_home(tmp_path / "home", environ={})
    assert "sandbox.pulumi.provider" in (folder / "pulumi-resource-aws").read_text(encoding="utf-8")
    assert real.read_text(encoding="utf-8") == "the real one"


def test_a_real_provider_that_is_not_there_is_said_with_what_to_do(tmp_path):
    with pytest.raises(ToolchainError, match="pulumi plugin install resource aws"):
        prepare_pulumi_home(
            tmp_path / "home", user_home=tmp_path / "user", environ={"SLIPWAY_AWS_PROVIDER": "real"}
        )


RUN = Run(
    project="p",
    stack="dev",
    organization="o",
    parallel=4,
    dry_run=True,
    monitor="m:1",
    engine="e:2",
    config={"p:name": "v"},
    secret_keys=["p:token"],
)


def test_the_program_runs_on_the_projects_own_interpreter(tmp_path):
    python = executable(tmp_path / ".venv" / "bin" / "python")
    program = Program(tmp_path, tmp_path / "infra", ".", {"virtualenv": ".venv"})
    assert interpreter(program) == python
    line = command(program, RUN, Path("/exec"))
    assert line[:2] == [str(python), "/exec"]
    assert line[line.index("--dry_run") + 1] == "true"
    assert line[line.index("--pwd") + 1] == str(tmp_path / "infra")
    assert line[-1] == "."


def test_a_copy_of_the_project_without_an_environment_runs_on_ours(tmp_path):
    assert interpreter(Program(tmp_path, tmp_path, ".", {"virtualenv": ".venv"})) == Path(sys.executable)
    assert interpreter(Program(tmp_path, tmp_path, ".")) == Path(sys.executable)


def test_the_program_gets_its_config_and_an_active_environment(tmp_path):
    program = Program(tmp_path, tmp_path, ".")
    env = environment(program, RUN, {"PATH": "/usr/bin", "PYTHONHOME": "/old", "KEPT": "1"})
    assert json.loads(env["PULUMI_CONFIG"]) == {"p:name": "v"}
    assert json.loads(env["PULUMI_CONFIG_SECRET_KEYS"]) == ["p:token"]
    assert env["PATH"].startswith(f"{Path(sys.executable).parent}{os.pathsep}")
    assert env["KEPT"] == "1"
    assert "PYTHONHOME" not in env


def test_the_providers_that_a_program_needs_are_those_whose_sdks_are_installed():
    python = Path(sys.executable)
    assert ("aws", "7.51.1") in required(python)
    assert "pulumi-aws" in dict(installed(python))
