"""One world of fakes for the commands: a dev and a prod that serve."""

import importlib

import pytest

from scripts.shared.cli import execute
from tests.fakes.findings import Shelf
from tests.fakes.world import FakeWorld
from tests.release.scenes import serving


@pytest.fixture
def dev():
    return serving(2, 0, stage="dev")


@pytest.fixture
def prod():
    return serving(0, 1)


@pytest.fixture
def noticed():
    """What monitoring noticed of each stage."""
    return {"dev": Shelf(), "prod": Shelf()}


@pytest.fixture
def slipway(monkeypatch, capsys, dev, prod, noticed):
    """Runs one command in the world of dev and prod; returns exit code, stdout and stderr."""
    world = FakeWorld(dev, prod)
    monkeypatch.setattr("monitoring.connect.findings", lambda ports: noticed[ports.name].findings)

    def run(verb, *arguments):
        module = importlib.import_module(f"scripts.{verb}")
        monkeypatch.setattr(module, "connect", lambda tell, **options: world)
        code = execute(module.COMMAND, list(arguments))
        return code, *capsys.readouterr()

    return run
