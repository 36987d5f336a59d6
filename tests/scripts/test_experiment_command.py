"""The end of an experiment by its command: what was done is done, whatever becomes of its report."""

import json

import pytest

from release.domain.errors import ServiceError
from scripts.experiment import COMMAND
from scripts.shared.cli import execute
from tests.fakes.world import FakeWorld
from tests.release.operations.experiments import begun, stages

STOP = ["stop", "prod", "--keep", "live", "--because", "no better", "--json"]


@pytest.fixture
def prod(monkeypatch):
    """A stage in which an experiment runs; its files can be read as often as is said."""
    dev, prod = stages()
    world = FakeWorld(dev, prod)
    begun(world)
    monkeypatch.setattr("scripts.experiment.connect", lambda tell, **options: world)
    return prod


def readable(monkeypatch, times):
    """Places without a line; after so many S3 does not answer."""
    read: list[str] = []

    def lines(place):
        read.append(place)
        if len(read) > times:
            raise ServiceError("S3 does not answer.")
        return iter(())

    monkeypatch.setattr("scripts.experiment.monitors.told", lambda ports: lines)


def test_an_end_leaves_its_report(prod, monkeypatch, capsys):
    readable(monkeypatch, 4)
    assert execute(COMMAND, STOP) == 0
    told = json.loads(capsys.readouterr().out)
    assert len(told["report"]) == 2
    assert prod.ledger.all_open() == []


def test_an_end_whose_report_cannot_be_made_is_an_end_and_says_how_to_make_it(prod, monkeypatch, capsys):
    readable(monkeypatch, 2)
    assert execute(COMMAND, STOP) == 0
    said = capsys.readouterr()
    assert json.loads(said.out)["report"] == []
    assert "its report could not be made (S3 does not answer.); ./slipway experiment result prod" in said.err
    assert prod.ledger.all_open() == []


def test_where_nobody_can_see_what_it_shows_it_is_not_ended(prod, monkeypatch):
    readable(monkeypatch, 0)
    assert execute(COMMAND, STOP) == 4
    assert prod.ledger.current.rests
