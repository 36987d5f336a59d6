"""hold, resume, abort and --strategy, over fakes: arguments in, words, JSON and exit codes out."""

import importlib
import json
import shlex

import pytest

from scripts.shared.cli import execute
from tests.fakes.world import FakeWorld
from tests.release.operations.test_orders import goes_on, under_way
from tests.release.rollout import judged_scenes as scenes
from tests.release.rollout.judged_scenes import opened
from tests.release.scenes import pins_now, serving, sure


@pytest.fixture
def prod():
    return under_way()


@pytest.fixture
def slipway(monkeypatch, capsys, prod):
    """Runs one command in a world whose prod is in the middle of a rollout."""

    def run(verb, *arguments, world=None):
        module = importlib.import_module(f"scripts.{verb}")
        known = world or FakeWorld(prod)
        for where in ("scripts.shared.orders", module.__name__):
            monkeypatch.setattr(f"{where}.connect", lambda tell, **options: known, raising=False)
        code = execute(module.COMMAND, list(arguments))
        return code, *capsys.readouterr()

    return run


@pytest.mark.parametrize(
    ("verb", "done"),
    [
        ("hold", "is held at its step; ./slipway resume prod lets it go on"),
        ("resume", "goes on"),
        ("abort", "was taken back; what served before serves"),
    ],
)
class TestOrders:
    def test_it_says_what_is_true_now(self, slipway, prod, monkeypatch, verb, done):
        release = opened(prod).subject.release
        goes_on(prod, monkeypatch)
        assert slipway(verb, "prod")[:2] == (0, f"✓ the rollout of {release} in prod {done}\n")

    def test_as_json_with_a_reason_and_an_endpoint(self, slipway, prod, monkeypatch, verb, done):
        release = opened(prod).subject.release
        goes_on(prod, monkeypatch)
        code, out, _ = slipway(verb, "prod", "--endpoint", "delays", "--reason", "the scores", "--json")
        ended = "reverted" if verb == "abort" else None
        assert code == 0
        assert json.loads(out) == {
            "stage": "prod",
            "endpoint": "delays",
            "release": release,
            "wish": verb,
            "ended": ended,
        }
        (given,) = prod.evidence.orders.values()
        assert (given.wish, given.reason) == (verb, "the scores")

    def test_where_nothing_is_under_way_it_is_exit_2(self, slipway, verb, done):
        code, out, err = slipway(verb, "prod", world=FakeWorld(serving()))
        assert (code, out) == (2, "")
        assert "No rollout of delays is under way in prod" in err

    @pytest.mark.parametrize("arguments", [["qa"], ["prod", "--endpoint", "fares"]])
    def test_what_there_is_not_is_exit_2(self, slipway, prod, verb, done, arguments):
        assert slipway(verb, *arguments)[0] == 2
        assert prod.evidence.orders == {}

    @pytest.mark.parametrize("arguments", [[], ["prod", "staging"], ["prod", "--skip"]])
    def test_wrong_arguments_are_exit_2(self, slipway, prod, verb, done, arguments):
        with pytest.raises(SystemExit) as caught:
            slipway(verb, *arguments)
        assert caught.value.code == 2
        assert prod.evidence.orders == {}

    def test_its_example_can_be_typed(self, slipway, prod, monkeypatch, verb, done):
        command = importlib.import_module(f"scripts.{verb}").COMMAND
        _, named, *arguments = shlex.split(command.example)
        goes_on(prod, monkeypatch)
        assert (named, slipway(verb, *arguments)[0]) == (verb, 0)


class TestStrategy:
    @pytest.fixture
    def world(self):
        dev = serving(2, 0, stage="dev")
        prod = scenes.stage(fewest=2, allow=["canary"])
        return FakeWorld(dev, prod), prod

    def test_the_stage_s_own_without_a_word(self, slipway, world):
        assert slipway("promote", "prod", world=world[0])[0] == 0
        assert world[1].sagemaker.rescaled != []

    def test_another_that_the_data_allows(self, slipway, world):
        assert slipway("promote", "prod", "--strategy", "canary", world=world[0])[0] == 0
        (update,) = world[1].sagemaker.updates
        assert update.deployment.routing == "CANARY"

    def test_one_that_it_does_not_is_exit_2_and_changes_nothing(self, slipway, world):
        before = pins_now(world[1])
        code, out, err = slipway("promote", "prod", "--strategy", "linear", world=world[0])
        assert (code, out) == (2, "")
        assert "Use one of: judged, canary; or add it to" in err
        assert pins_now(world[1]) == before
        assert sure(before.live).release != world[1].pin(2).release

    def test_one_that_there_is_not_is_exit_2(self, slipway, world):
        with pytest.raises(SystemExit) as caught:
            slipway("promote", "prod", "--strategy", "yolo", world=world[0])
        assert caught.value.code == 2

    @pytest.mark.parametrize("verb", ["promote", "release"])
    def test_both_that_take_it_name_every_strategy(self, slipway, capsys, verb):
        module = importlib.import_module(f"scripts.{verb}")
        with pytest.raises(SystemExit):
            execute(module.COMMAND, ["--help"])
        assert "{all-at-once,canary,linear,judged,shadow}" in capsys.readouterr().out
