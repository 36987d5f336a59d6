"""Who still works: told by the process where it can be seen, by its heartbeat where it cannot."""

import socket
import subprocess

import pytest

from release.adapters import owner
from release.adapters.owner import is_alive, this_process
from release.domain.ledger import STALE_SECONDS, Owner

ME = this_process()
AWAY = ME.model_copy(update={"host": "elsewhere", "counted_in": "another boot pid:[1]"})


def test_this_process_lives_whatever_its_heart_does() -> None:
    assert is_alive(ME, None)
    assert is_alive(ME, 2 * STALE_SECONDS)


def test_a_process_that_ended_is_gone_though_its_heart_beat_a_moment_ago() -> None:
    with subprocess.Popen(["sleep", "60"]) as child:
        found = ME.model_copy(update={"pid": child.pid, "started": owner._started(child.pid)})
        assert is_alive(found, None)
        child.kill()
    assert not is_alive(found, 1)


def test_another_process_of_the_same_id_is_not_the_owner() -> None:
    assert not is_alive(ME.model_copy(update={"started": ME.started + 1}), 1)


@pytest.mark.parametrize(("silence", "alive"), [(None, False), (1, True), (STALE_SECONDS + 1, False)])
def test_elsewhere_the_heartbeat_tells(silence: float | None, alive: bool) -> None:
    assert is_alive(AWAY, silence) is alive


def test_a_container_of_the_same_host_name_is_elsewhere() -> None:
    """Its process 1 is not this one's, and this process's id says nothing about it."""
    twin = AWAY.model_copy(update={"host": ME.host})
    assert is_alive(twin, 1)
    assert not is_alive(twin, None)


def test_a_host_that_was_renamed_is_still_this_one() -> None:
    assert is_alive(ME.model_copy(update={"host": "its former name"}), None)


def test_an_entry_of_an_earlier_version_goes_by_the_host_name() -> None:
    former = Owner(host=socket.gethostname(), pid=ME.pid, started=ME.started, user="ci")
    assert is_alive(former, None)
    assert not is_alive(former.model_copy(update={"host": "elsewhere"}), None)
