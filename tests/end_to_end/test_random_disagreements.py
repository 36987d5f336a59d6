"""Random sequences of commands, outside changes and kills with the real engine, sandbox and servers.

Whatever happens, what `status` and the errors name leads to a stage that is whole, no command deletes an
endpoint, and what is promoted from the stage is what its last rollout left. The same on fakes, hundreds of
times, is `tests/release/operations/test_random_disagreements.py`; `make test-disagreements LIVES=200` for as
many here. A life is its seed.
"""

import os
from collections.abc import Callable
from random import Random

import pytest

from release.domain import plan
from tests.end_to_end.test_state import lose_artifact, lose_image, moved
from tests.end_to_end.world import Done, World, ends_within, kill_group
from tests.release.operations.following import commands

pytestmark = [pytest.mark.sandbox, pytest.mark.kill, pytest.mark.long]

LIVES = int(os.environ.get("SLIPWAY_TEST_LIVES", "3"))
STEPS, PATIENCE = 3, 10
LONGEST = 14.0
"""Seconds after which a command is killed at the latest."""
STAGE, NAME, AFTER = "staging", "delays-staging", "prod"


class Life:
    """A stage between two others, and everything that happens to it."""

    def __init__(self, world: World, fresh: Callable[[], str], seed: int) -> None:
        self.world, self.fresh = world, fresh
        self.random = Random(seed)  # noqa: S311 - lives, not secrets
        self.told: list[str] = []
        self.files = [world.file(STAGE).read_bytes()]
        self.restore: Callable[[], object] = lambda: None

    def outside(self) -> None:
        """Somebody changes one thing behind the others' backs."""
        self.files.append(self.world.file(STAGE).read_bytes())
        changes = [
            self._file,
            self._moved,
            self._gone,
            self._config,
            self._image,
            self._artifact,
            self._entry,
        ]
        change = self.random.choice([*changes, lambda: "nothing"])
        self.told.append(change())

    def command(self) -> None:
        """One command, perhaps killed half-way."""
        kind = self.random.choice(["promote", "rollback", "apply", "from"])
        arguments = {
            "promote": ("promote", STAGE),
            "from": ("promote", AFTER),
            "rollback": ("rollback", STAGE),
            "apply": ("apply", STAGE),
        }[kind]
        if kind == "promote":
            self.fresh()
        left = self.world.endpoint(STAGE).live
        process = self.world.start(*arguments, "--json")
        if self.random.random() < 0.4 and not ends_within(process, self.random.uniform(0.3, LONGEST)):
            kill_group(process)
            self.told.append(f"{kind}, killed")
            return
        done = self.world.ended(process, expected=None)
        self.told.append(f"{kind}: exit {done.code} {done.result.get('error', '')[:160]}")
        if kind == "from" and done.code == 0 and self._file_is_of_today:
            assert left is not None
            assert done.result["release"] == left.release, "another release was promoted"

    def mended(self) -> None:
        """Only by what status and the errors name: a whole stage again."""
        self.restore()
        self.restore = lambda: None
        for _ in range(PATIENCE):
            [line] = self.world.slipway("status", STAGE, expected=None).result["stages"]
            if line["rollout"]:
                done = self.world.slipway("rollback", STAGE, expected=None)
                if done.code in (0, 1):
                    continue
                self._follow(_error(done))
            elif line["disagreements"]:
                self._follow(line["disagreements"][-1])
            else:
                break
        else:
            raise AssertionError(f"nothing that was named ended it: {line}")
        live = self.world.endpoint(STAGE).live
        self.world.assert_at_rest(STAGE, serves=live.release if live else None)

    def _follow(self, text: str) -> None:
        """Run every command that a text names, as it stands there."""
        found = commands(text)
        assert found, f"no command in: {text}"
        for arguments in found:
            done = self.world.slipway(*arguments, expected=None)
            self.told.append(f"  {' '.join(arguments)}: exit {done.code} {_error(done)[:160]}")

    @property
    def _file_is_of_today(self) -> bool:
        return self.told[-2:-1] != ["file"]

    def _file(self) -> str:
        self.world.file(STAGE).write_bytes(self.random.choice(self.files))
        return "file"

    def _moved(self) -> str:
        sagemaker = self.world.client("sagemaker")
        there = self.world.ports(STAGE).endpoints.describe(NAME) or {}
        pages = sagemaker.get_paginator("list_endpoint_configs").paginate(NameContains=f"{NAME}-")
        names = [c["EndpointConfigName"] for page in pages for c in page["EndpointConfigs"]]
        to = self.random.choice(names)
        if there.get("EndpointStatus") == "InService" and there["EndpointConfigName"] != to:
            moved(self.world, STAGE, to)
        return f"moved to {to}"

    def _gone(self) -> str:
        there = self.world.ports(STAGE).endpoints.describe(NAME) or {}
        if there.get("EndpointStatus") == "InService":
            self.world.client("sagemaker").delete_endpoint(EndpointName=NAME)
            self.world.sandbox.reset_calls()
        return "gone"

    def _config(self) -> str:
        if previous := self.world.endpoint(STAGE).previous:
            name = plan.config_plan(STAGE, "delays", previous).name
            if self.world.ports(STAGE).endpoints.config_model(name):
                self.world.client("sagemaker").delete_endpoint_config(EndpointConfigName=name)
        return "config"

    def _image(self) -> str:
        if previous := self.world.endpoint(STAGE).previous:
            lose_image(self.world, STAGE, previous)
        return "image"

    def _artifact(self) -> str:
        if previous := self.world.endpoint(STAGE).previous:
            lose_artifact(self.world, previous)
        return "artifact"

    def _entry(self) -> str:
        s3, bucket = self.world.client("s3"), self.world.ports(STAGE).artifacts.bucket
        number = self.random.randint(1, len(self.world.entries(STAGE)))
        key = f"ledger/{number:08d}.json"
        written = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        s3.put_object(Bucket=bucket, Key=key, Body=b"<html>")
        self.restore = lambda: s3.put_object(Bucket=bucket, Key=key, Body=written)
        return f"entry {number}"


def _error(done: Done) -> str:
    return " ".join([str(done.result.get("error", "")), *done.result.get("more", [])])


@pytest.fixture(scope="module")
def staging(world, fresh):
    """A stage with a live and a previous release, and one after it."""
    for _ in range(2):
        fresh()
        world.slipway("promote", STAGE)
    world.slipway("promote", AFTER)


@pytest.mark.parametrize("seed", range(LIVES))
def test_whatever_happens_what_is_named_leads_to_a_whole_stage(world, fresh, staging, seed):
    life = Life(world, fresh, seed)
    world.sandbox.reset_calls()
    try:
        for _ in range(STEPS):
            life.outside()
            life.command()
            life.mended()
            assert "DeleteEndpoint" not in world.sandbox.calls().get("sagemaker", {})
    finally:
        print(f"life {seed}:", *life.told, sep="\n  ")
    world.assert_no_changes(STAGE, refresh=False)
