"""The bench of rollouts: the stage's data with more endpoints, medians and bars, what a command costs."""

from argparse import ArgumentTypeError
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from bench.rollout import endpoints
from bench.rollout.__main__ import sizes
from bench.rollout.figures import RELEASE, STATUS, UP, Figure, beside, per_endpoint
from bench.users import Spent, User
from release.domain.errors import ServiceError

STAGE_FILE = """\
# a comment
config:
  slipway:endpoints:
    delays:
      instances: {type: ml.m7i.large, min: 1, max: 1}
      live:
        release: "0123456789ab"   # would be a number without quotes
"""


def figure(what: str, size: int, *walls: float) -> Figure:
    return Figure(what, size, runs=[Spent(wall, 0.5) for wall in walls])


def test_every_further_endpoint_has_the_pins_of_the_first(tmp_path: Path) -> None:
    path = tmp_path / "Pulumi.dev.yaml"
    path.write_text(STAGE_FILE)
    endpoints.fill(path, 3, endpoints.first(path))
    text = path.read_text()
    found = YAML(typ="safe").load(text)["config"]["slipway:endpoints"]
    assert list(found) == ["delays", "delays-002", "delays-003"]
    assert found["delays-003"] == found["delays"]
    assert found["delays"]["live"]["release"] == "0123456789ab"
    assert "# a comment" in text
    endpoints.fill(path, 3, {"live": "another"})
    assert path.read_text() == text


def test_a_figure_is_a_median_beside_its_bar_and_its_yardstick() -> None:
    status = figure(STATUS, 100, 4.0, 9.0, 4.5)
    status.yardstick_runs = [Spent(1.5, 0.1)]
    assert (status.wall, status.cpu, status.ratio, status.met) == (4.5, 0.5, 3.0, True)
    assert beside(status) == "under 5 s"
    assert figure(RELEASE, 10, 15.0).met is False
    assert figure(RELEASE, 200, 15.0).met is None


def test_pulumi_up_is_seen_beside_what_it_took_before_and_by_endpoint() -> None:
    assert figure(UP, 1, 5.0).met is False
    up = [figure(UP, 1, 2.0), figure(UP, 10, 6.8), figure(UP, 101, 12.0)]
    assert beside(up[1]) == "3.4 s earlier (2.00x)"
    assert per_endpoint(up, UP) == pytest.approx(0.1)
    assert per_endpoint(up[:1], UP) is None


def test_a_command_costs_the_seconds_of_all_that_it_waited_for(tmp_path: Path) -> None:
    user = User(tmp_path, {"WHO": "a user"}, tmp_path / "log")
    burn = "python3 -c 'import time\nwhile time.process_time() < 0.2: pass'"
    spent = user.run("sh", "-c", f'{burn}; echo "$WHO in $PWD"')
    assert spent.cpu >= 0.2
    assert spent.wall > 0
    assert f"a user in {tmp_path}" in (tmp_path / "log").read_text()


def test_a_command_that_fails_says_where_its_words_are(tmp_path: Path) -> None:
    user = User(tmp_path, {}, tmp_path / "log")
    with pytest.raises(ServiceError, match=r"ended with 3: .*no such thing") as failed:
        user.run("sh", "-c", "echo no such thing >&2; exit 3")
    assert str(tmp_path / "log") in failed.value.next_step


def test_sizes_are_numbers_in_order() -> None:
    assert sizes("10,1,10") == (1, 10)
    with pytest.raises(ArgumentTypeError, match="not a list of numbers"):
        sizes("1,many")
