"""`python -m sandbox` as a person runs it: start, say so twice, end, and leave nothing behind."""

import errno
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.control.home import process_alive, unusable
from sandbox.testing import start
from tests.sandbox.world import World, wait_for

pytestmark = pytest.mark.sandbox


def run(*arguments: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """One command with its output captured; a daemon that kept the pipes open would hang here."""
    return subprocess.run(
        [sys.executable, "-m", "sandbox", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, **(env or {})},
    )


def run_json(*arguments: str) -> dict[str, Any]:
    done = run(*arguments, "--json")
    assert done.returncode == 0, done.stderr
    [line] = done.stdout.splitlines()
    return json.loads(line)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A home whose sandbox is ended whatever happens."""
    folder = tmp_path / "home"
    yield folder
    run("down", "--home", str(folder))


def test_up_prints_one_line_and_outlives_its_caller(home: Path) -> None:
    record = run_json("up", "--home", str(home), "--port", "0")
    assert {"endpoint_url", "pid", "home", "port"} <= set(record)
    assert record["home"] == str(home)
    assert json.loads((home / "sandbox.json").read_text()) == record
    again = run_json("up", "--home", str(home), "--port", "0")
    assert again == {**record, "already_running": True}
    assert run_json("status", "--home", str(home))["endpoints"] == []
    down = run_json("down", "--home", str(home))
    assert down["stopped"]
    assert not process_alive(record["pid"])
    assert not process_alive(record["supervisor_pid"])
    assert not (home / "sandbox.json").exists()
    assert run_json("down", "--home", str(home))["stopped"] is False


def test_env_points_everything_at_the_sandbox(home: Path) -> None:
    record = run_json("up", "--home", str(home), "--port", "0")
    variables = run_json("env", "--home", str(home))
    assert variables["AWS_ENDPOINT_URL"] == record["endpoint_url"]
    assert variables["PULUMI_BACKEND_URL"] == f"file://{home}/state"
    assert (home / "state").is_dir()
    assert list((home / "pulumi" / "plugins").glob("resource-aws-v*/pulumi-resource-aws"))
    lines = run("env", "--home", str(home)).stdout
    shell = subprocess.run(
        ["sh", "-c", f'{lines}\necho "$AWS_ENDPOINT_URL $AWS_REGION $PATH"'], capture_output=True, text=True
    )
    assert shell.stdout.startswith(f"{record['endpoint_url']} us-east-1 ")
    assert ".tools/bin" in shell.stdout


@pytest.mark.parametrize("verb", ["env", "status", "faults"])
def test_without_a_sandbox_a_command_says_what_to_do(home: Path, verb: str) -> None:
    done = run(verb, "--home", str(home))
    assert done.returncode == 2
    assert f"No sandbox runs in {home}" in done.stderr
    assert "sandbox up" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_taken_port_is_said_and_nothing_is_started(home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        done = run("up", "--home", str(home), "--port", str(port))
    assert done.returncode == 2
    assert f"Port {port} is taken by another program" in done.stderr
    assert "--port 0" in done.stderr
    assert "Traceback" not in done.stderr
    assert run_json("down", "--home", str(home))["stopped"] is False


def test_a_home_that_cannot_be_used_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = run("up", "--home", str(tmp_path / "file" / "home"), "--port", "0")
    assert done.returncode == 2
    assert "cannot be used: Not a directory" in done.stderr
    assert "--home" in done.stderr


def test_a_full_disk_is_not_the_callers_mistake(tmp_path: Path) -> None:
    error = unusable(tmp_path, OSError(errno.ENOSPC, "No space left on device"))
    assert error.exit_code == 4
    assert "Free some space" in str(error)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [(["--port", "70000"], "no port"), (["--time-scale", "0"], "above 0"), (["--port", "x"], "invalid int")],
)
def test_wrong_options_are_refused(home: Path, arguments: list[str], words: str) -> None:
    done = run("up", "--home", str(home), *arguments)
    assert done.returncode == 2
    assert words in done.stderr


def test_two_ups_at_once_make_one_sandbox(home: Path) -> None:
    command = [sys.executable, "-m", "sandbox", "up", "--home", str(home), "--port", "0", "--json"]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    records = [json.loads(process.communicate(timeout=60)[0]) for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert records[0]["pid"] == records[1]["pid"]
    assert [record.get("already_running") for record in records].count(True) == 1


def test_several_sandboxes_run_at_once(tmp_path: Path, world: World) -> None:
    with start(tmp_path / "other") as other:
        assert other.endpoint_url != world.sandbox.endpoint_url
        assert other.client("ecr").describe_repositories()["repositories"] == []


@pytest.mark.kill
def test_kill_minus_nine_leaves_no_process_and_the_next_up_is_clean(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with start(home) as sandbox:
        world = World(sandbox, tmp_path)
        endpoint = world.endpoint(world.simple_config(count=2))
        assert world.version(endpoint) == "1"
        children = sandbox.status()["children"]
        assert len(children) == 3, "the registry and two model servers"
        (home / "state" / "stack.json").write_text("{}")
        os.kill(sandbox.record["pid"], signal.SIGKILL)
        wait_for(
            lambda: not any(map(process_alive, [*children, sandbox.record["supervisor_pid"]])),
            "all to be gone",
        )
    unpacked = list((home / "images").iterdir())
    assert unpacked
    assert (home / "sandbox.json").exists(), "a killed sandbox cannot clean up"
    with start(home) as sandbox:
        assert sandbox.client("ecr").describe_repositories()["repositories"] == []
        assert not (home / "state" / "stack.json").exists(), "the state of an AWS that is gone"
        assert list((home / "images").iterdir()) == unpacked, "unpacked images are kept"


@pytest.mark.kill
def test_a_sandbox_of_a_test_ends_with_the_test(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from sandbox.testing import launch\n"
        "print(launch(Path(sys.argv[1])).record['pid'], flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "home")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as test:
        assert test.stdout is not None
        pid = int(test.stdout.readline())
        assert process_alive(pid)
        test.kill()
    wait_for(lambda: not process_alive(pid), "the sandbox to end")


@pytest.mark.kill
def test_down_ends_servers_that_ignore_sigterm(tmp_path: Path) -> None:
    with start(tmp_path / "home") as sandbox:
        world = World(sandbox, tmp_path)
        world.endpoint(world.simple_config(STUBBORN="1"))
        children = sandbox.status()["children"]
        started = time.monotonic()
        sandbox.stop()
        assert not any(map(process_alive, children))
        assert time.monotonic() - started < 15


@pytest.mark.kill
def test_a_registry_that_dies_ends_the_sandbox_with_a_word(tmp_path: Path) -> None:
    with start(tmp_path / "home") as sandbox:
        [registry] = sandbox.status()["children"]
        os.kill(registry, signal.SIGKILL)
        assert sandbox.process.wait(20) == 4
        assert "A part of the sandbox ended by itself" in (tmp_path / "home/logs/sandbox.log").read_text()
