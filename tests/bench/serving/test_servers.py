"""The servers' list, and real processes: started, measured, and none of them left."""

import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bench.serving import environments, trial
from bench.serving.environments import CannotInstall
from bench.serving.model_files import Model
from bench.serving.peers import ALL, chosen
from bench.serving.peers.base import FOLDER, Launch, Peer
from bench.serving.results import Kind, Server
from bench.serving.running import ServerFailed, running
from measuring import processes

NOTHING = next(peer for peer in ALL if peer.key == "nothing-slipway")
FAMILY = """
import subprocess, sys, time
stubborn = "import signal, time; signal.signal(15, signal.SIG_IGN); time.sleep(99)"
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(99)"], start_new_session=True)
subprocess.Popen([sys.executable, "-c", stubborn])
time.sleep(99)
"""


def test_keys_are_unique_and_requirements_are_there() -> None:
    assert len({peer.key for peer in ALL}) == len(ALL)
    for peer in ALL:
        assert peer.wires[0].name == "JSON"
        assert not peer.requirements or (FOLDER / "requirements" / f"{peer.requirements}.txt").is_file()


def test_our_own_server_always_runs() -> None:
    assert {peer.group for peer in chosen(["mlflow"])} == {"slipway", "mlflow"}
    assert chosen([]) == list(ALL)


def test_what_cannot_be_installed_says_why(tmp_path: Path) -> None:
    peer = replace(NOTHING, needs=("no-such-program",))
    with pytest.raises(CannotInstall, match="it needs no-such-program, which is not on PATH"):
        environments.prepare(peer, tmp_path)


def example() -> Model:
    """A model that nobody loads."""
    rows = [{"carrier": "UA"}]
    return Model("logistic", Path(), Path(), "", {1: rows}, {1: np.array([0.5])})


def bin_folder() -> Path:
    return Path(sys.executable).parent


@pytest.mark.sandbox
def test_no_process_of_a_family_is_left() -> None:
    leader = subprocess.Popen([sys.executable, "-c", FAMILY], start_new_session=True)
    end = time.monotonic() + 10
    while len(family := processes.members(leader.pid)) < 3 and time.monotonic() < end:
        time.sleep(0.02)
    assert len(family) == 3
    assert processes.usage(family).rss > processes.usage(family).pss > 5
    processes.stop(leader, 1.0)
    assert leader.returncode == -signal.SIGTERM
    assert not processes.usage(family).cpu


@pytest.mark.sandbox
def test_a_server_that_does_nothing_is_measured() -> None:
    server = Server(NOTHING.key, NOTHING.name, NOTHING.kind, "", "")
    profile = trial.LoadProfile(2, 1, 1, 1, (1,), json_only=True, server_cores="0", load_cores="0")
    trial.run(NOTHING, example(), bin_folder(), profile, server, lambda line: None)
    (only,) = server.rounds
    assert 0 < only.start_seconds < 30
    assert only.processes == 1
    (cell,) = only.cells
    assert cell.load.requests > 100
    assert cell.load.errors == 0
    assert cell.cpu_seconds > 0


@pytest.mark.sandbox
def test_wrong_answers_are_not_measured() -> None:
    liar = replace(NOTHING, kind=Kind.SKLEARN)
    server = Server(liar.key, liar.name, liar.kind, "", "")
    profile = trial.LoadProfile(2, 1, 1, 1, (1,), json_only=True, server_cores="0", load_cores="0")
    with pytest.raises(ServerFailed, match=r"scores are 0\.19 away from scikit-learn's"):
        trial.run(liar, example(), bin_folder(), profile, server, lambda line: None)
    assert server.rounds == []


@pytest.mark.sandbox
def test_a_server_that_ends_says_why() -> None:
    def launch(_place: object) -> Launch:
        return Launch([sys.executable, "-c", "raise SystemExit('no such model')"])

    broken: Peer = replace(NOTHING, launch=launch)
    with pytest.raises(ServerFailed, match="it ended with 1: no such model"):
        with running(broken, example(), bin_folder(), "0"):
            raise AssertionError
