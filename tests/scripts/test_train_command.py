"""`./slipway train` before it trains: its options, and what it says of a service that is none."""

import argparse

import pytest

from model.declarations import TAKEN
from scripts.shared import cli
from scripts.train import COMMAND


def options(parser: argparse.ArgumentParser) -> set[str]:
    return {option.removeprefix("--") for action in parser._actions for option in action.option_strings}


def test_a_service_may_name_no_option_that_every_training_has():
    parser = argparse.ArgumentParser()
    COMMAND.arguments(parser)
    assert options(parser) - {"-h"} <= TAKEN


def test_help_is_given_where_the_service_that_is_asked_for_is_none(capsys):
    with pytest.raises(SystemExit) as end:
        cli.execute(COMMAND, ["--service", "nowhere", "--help"])
    assert end.value.code == 0
    assert "--champion" in capsys.readouterr().out


def test_a_service_that_is_none_is_told_and_with_a_traceback_where_that_is_asked_for(capsys):
    assert cli.execute(COMMAND, ["--service", "nowhere"]) == 2
    assert "Traceback" not in capsys.readouterr().err
    assert cli.execute(COMMAND, ["--service", "nowhere", "--traceback"]) == 2
    assert "Traceback" in capsys.readouterr().err


def test_an_option_is_written_out(capsys):
    """Shortened, `--serv` would name a service for argparse and none for what has to know it before."""
    with pytest.raises(SystemExit) as end:
        cli.execute(COMMAND, ["--serv", "nowhere"])
    assert end.value.code == 2


SHUFFLED = """
import numpy as np
from model.contract import Data, Expected
from model.skeletons.binary.service import Skeleton


class Shuffled(Skeleton):
    name = "shuffled"
    expected = Expected(types={"seen": "number"}, time="seen")

    def load(self, cache):
        found = super().load(cache)
        return Data(found.table.assign(seen=np.random.default_rng(0).permutation(569)), found.version)


SERVICE = Shuffled()
"""


def test_bad_data_ends_with_2_and_its_three_lines_before_anything_is_fitted(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("model.training.train.fit", lambda *of: pytest.fail("it was fitted"))
    service, out = tmp_path / "shuffled", tmp_path / "out"
    service.mkdir()
    (service / "service.py").write_text(SHUFFLED)
    alone = ["--champion", "none", "--trackers", "none", "--out", str(out)]
    assert cli.execute(COMMAND, ["--service", str(service), *alone]) == 2
    said = capsys.readouterr().err
    assert "not in the order of its time 'seen': earlier than the row before in rows " in said
    assert "Nothing was trained." in said
    assert "Sort by 'seen' in load" in said
    assert not out.exists()
