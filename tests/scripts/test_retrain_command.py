"""`./slipway retrain` in a world of fakes: its words, its exit codes, and what it says to wrong input."""

import argparse
import io
import json
import sys
from types import SimpleNamespace

import pytest

from model.declarations import TAKEN
from release.domain.stage import RetrainSettings
from scripts import retrain
from scripts.shared import cli
from tests.fakes.findings import Stage
from tests.fakes.trainer import FakeTrainer
from tests.fakes.world import FakeWorld
from tests.release.scenes import pins_now, serving, sure
from tests.release.test_occasions import ALARM
from tests.scripts.test_train_command import options


@pytest.fixture
def dev():
    return serving(0, stage="dev")


@pytest.fixture
def trainer(dev, monkeypatch, tmp_path):
    """A trainer in memory in the place of the one that trains here."""
    found, world = FakeTrainer(dev.trouble), FakeWorld(dev, serving(1, stage="staging"))
    world.build = tmp_path
    monkeypatch.setattr(retrain, "connect", lambda tell, **options: world)
    monkeypatch.setattr(retrain, "TrainsAsCommanded", lambda *of: found)
    return found


def run(*argv: str) -> int:
    return cli.execute(retrain.COMMAND, ["dev", *argv])


def test_a_worse_model_ends_with_1_and_says_what_was_measured(trainer, dev, capsys):
    trainer.worse = True
    assert run() == 1
    said = capsys.readouterr()
    assert "refused what learned from months 1-7: it fails champion." in said.out
    assert f"{sure(pins_now(dev).live).release} stays live in dev; nothing was released." in said.out
    assert "✗ champion: the AUC gained over the champion" in said.err
    assert "\x1b" not in said.out + said.err, "there is no terminal"


def test_a_better_one_is_told_with_the_way_on(trainer, dev, capsys):
    assert run("--because", "June is complete") == 0
    said, live = capsys.readouterr().out, sure(pins_now(dev).live).release
    assert f"{live}, from months 1-7, is live in dev, verified." in said
    assert f"staging: promote delays to {live}" in said
    assert "+++ b/" in said, "the change of staging's file, as no Git tracks it"


def test_for_machines_it_is_one_line_with_every_gate(trainer, capsys):
    trainer.worse = True
    assert run("--json") == 1
    [line] = capsys.readouterr().out.splitlines()
    found = json.loads(line)
    assert (found["outcome"], found["release"], found["learns"]) == ("worse", None, "months 1-7")
    assert found["gates"][0] == {
        "name": "champion",
        "passed": False,
        "value": -0.06,
        "bound": -0.007,
        "reason": "the AUC gained over the champion",
    }


def test_an_event_comes_from_a_file_or_from_stdin(trainer, dev, tmp_path, monkeypatch):
    (tmp_path / "event.json").write_text(json.dumps(ALARM))
    assert run("--event", str(tmp_path / "event.json")) == 0
    assert dev.ledger.stored[0].entry.what.occasion.kind == "alarm"
    stdin = SimpleNamespace(buffer=io.BytesIO(json.dumps(ALARM).encode()))
    monkeypatch.setattr(sys, "stdin", stdin)
    assert run("--event", "-") == 1, "the same event again"


@pytest.mark.parametrize("content", ["{", "[]", json.dumps(ALARM | {"source": "my.app"})])
def test_what_is_no_event_ends_with_2_before_anything_is_asked(trainer, dev, tmp_path, capsys, content):
    (tmp_path / "event.json").write_text(content)
    assert run("--event", str(tmp_path / "event.json")) == 2
    assert "The event asks for no retrain: " in capsys.readouterr().err
    assert dev.trouble.calls == []


def test_an_event_that_asks_for_nothing_is_told_and_nothing_is_wrong(trainer, dev, tmp_path, capsys):
    quiet = ALARM | {"detail": ALARM["detail"] | {"state": {"value": "OK"}}}
    (tmp_path / "event.json").write_text(json.dumps(quiet))
    assert run("--event", str(tmp_path / "event.json"), "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["asks"], trainer.trained, dev.ledger.stored) == (None, [], [])
    assert "is in OK: only one in ALARM asks for a retrain" in told["why"]


def test_an_event_that_is_not_there_is_told(trainer, capsys):
    assert run("--event", "nowhere.json") == 2
    assert "The event cannot be read" in capsys.readouterr().err


def test_a_service_may_name_no_option_that_a_retrain_has():
    parser = argparse.ArgumentParser()
    retrain.COMMAND.arguments(parser)
    assert options(parser) - {"-h"} <= TAKEN


def test_a_finding_asks_where_the_stage_says_so_and_once(trainer, dev, monkeypatch, capsys):
    stage = Stage(dev)
    monkeypatch.setattr("monitoring.connect.room", lambda tell, name: stage.room)
    dev.retrain = RetrainSettings(on=("quality",), cooldown_days=0)
    assert run("--finding") == 0
    assert "no open finding of dev asks for a retrain" in capsys.readouterr().out
    stage.note(1)
    trainer.worse = True
    assert run("--finding") == 1
    stage.shelf.hours = 24 * 2
    assert stage.shelf.findings.open(), "a refused retrain closes nothing"
    name = stage.shelf.findings.open()[0].id
    assert run("--finding", name) == 1
    assert f"The event finding-{name}-1 was answered already" in capsys.readouterr().err
    assert run("--finding") == 0
    assert "no open finding of dev asks for a retrain" in capsys.readouterr().out
    assert stage.shelf.findings.open()[0].answers[0].outcome == "worse"


def test_a_finding_that_waits_for_the_cooldown_writes_nothing_to_the_ledger(
    trainer, dev, monkeypatch, capsys
):
    stage = Stage(dev)
    monkeypatch.setattr("monitoring.connect.room", lambda tell, name: stage.room)
    dev.retrain = RetrainSettings(on=("quality",), cooldown_days=6)
    trainer.worse = True
    assert run("--because", "a first one") == 1
    entries = len(dev.ledger.stored)
    stage.note(1)
    assert run("--finding") == 0
    assert "asks for a retrain, and not now: The last retrain was on" in capsys.readouterr().out
    assert len(dev.ledger.stored) == entries


def test_a_finding_of_a_kind_that_the_stage_does_not_name_asks_for_nothing(trainer, dev, monkeypatch, capsys):
    stage = Stage(dev)
    monkeypatch.setattr("monitoring.connect.room", lambda tell, name: stage.room)
    dev.retrain = RetrainSettings(on=("drift",))
    stage.note(1)
    assert run("--finding", stage.shelf.findings.open()[0].id) == 2
    said = capsys.readouterr().err
    assert "slipway:retrain.on of dev names drift" in said
    trainer.worse = True
    assert "./slipway retrain dev --because '…'" in said
    assert run("--because", "…") == 1, "it began, and is worse"


def test_a_finding_about_a_release_that_is_gone_retrains_nothing(trainer, dev, monkeypatch, capsys):
    stage = Stage(dev)
    monkeypatch.setattr("monitoring.connect.room", lambda tell, name: stage.room)
    dev.retrain = RetrainSettings(on=("quality",))
    stage.note(1, release="0c77e1d2ab93")
    assert run("--finding") == 0
    assert run("--finding", stage.shelf.findings.open()[0].id) == 1
    assert "was noticed of 0c77e1d2ab93, and" in capsys.readouterr().err
