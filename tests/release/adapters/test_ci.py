"""What the environment of CI says of a run, and what missing credentials mean in one."""

import json

import pytest
from botocore.exceptions import NoCredentialsError

from release.adapters import ci
from release.adapters.aws import explained

BASE, FORK = "acme/flights", "ann/flights"


def repository(name: str) -> dict[str, object]:
    return {"full_name": name, "fork": name == FORK}


@pytest.fixture
def github(monkeypatch, tmp_path):
    """A run of GitHub Actions in a repository, started by an event."""

    def make(event: dict, base: str = BASE) -> None:
        file = tmp_path / "event.json"
        file.write_text(json.dumps(event))
        monkeypatch.setenv("GITHUB_ACTIONS", "true")
        monkeypatch.setenv("GITHUB_REPOSITORY", base)
        monkeypatch.setenv("GITHUB_EVENT_PATH", str(file))

    return make


def test_whom_ci_names_is_read_from_its_own_variables(monkeypatch):
    for name in ci._ACTORS:
        monkeypatch.delenv(name, raising=False)
    assert ci.actor() == ""
    monkeypatch.setenv("GITLAB_USER_LOGIN", "ada")
    assert ci.actor() == "ada"


def test_a_pull_request_of_a_fork_is_known(github):
    github({"pull_request": {"head": {"repo": repository(FORK)}}, "repository": repository(BASE)})
    assert ci.fork() == FORK


def test_so_is_a_push_in_a_fork(github):
    github({"repository": repository(FORK)}, FORK)
    assert ci.fork() == FORK


@pytest.mark.parametrize(
    "event",
    [
        {"pull_request": {"head": {"repo": repository(BASE)}}, "repository": repository(BASE)},
        {"repository": repository(BASE)},
        {"pull_request": {"head": {"repo": None}}},
        {},
    ],
)
def test_the_repositorys_own_runs_are_of_no_fork(github, event):
    github(event)
    assert ci.fork() is None


def test_elsewhere_nothing_is_a_fork(github, monkeypatch):
    github({"repository": repository(FORK)})
    monkeypatch.delenv("GITHUB_ACTIONS")
    assert ci.fork() is None


def test_in_a_fork_missing_credentials_are_no_mistake(github):
    github({"pull_request": {"head": {"repo": repository(FORK)}}})
    found = explained(NoCredentialsError())
    assert found is not None
    assert found.exit_code == 2
    assert found.cause.startswith(f"This run is of the fork {FORK}")
    assert "aws sso login" not in str(found)


def test_in_a_run_of_the_repository_they_are(github):
    github({"repository": repository(BASE)})
    found = explained(NoCredentialsError())
    assert found is not None
    assert found.cause.startswith("No AWS credentials")
