"""What the README tells people to type does what it says: its blocks are run as they stand."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.conftest import ROOT

pytestmark = [pytest.mark.sandbox, pytest.mark.long]

BLOCK = re.compile(r"```sh\n(.*?)```", re.DOTALL)
PATIENCE = 900.0


def block(word: str) -> str:
    """The README's one shell block that holds `word`."""
    [found] = [text for text in BLOCK.findall((ROOT / "README.md").read_text()) if word in text]
    return found


def run(script: str, folder: Path, env: dict[str, str]) -> str:
    """Run a script as one would type it, up to the first line that fails; returns what it printed."""
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=folder,
        env=env,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_by_hand_from_a_clone_to_a_first_answer(tmp_path):
    env = dict(os.environ)
    script = block("./slipway project").replace("../trial", str(tmp_path / "trial"))
    try:
        assert "predictions" in json.loads(run(script, ROOT, env).splitlines()[-1])
    finally:
        run("./slipway sandbox down", tmp_path / "trial", env)


def test_the_jobs_of_ci_on_a_fresh_checkout(world, tmp_path):
    """A repository whose remote gets the pins; the stages are as nobody has provisioned them."""
    first, *jobs = block("git push").splitlines()
    assert first.startswith("make ")
    git = (
        f"git init -q --bare {tmp_path / 'remote'} && git init -q . && git add . && "
        f"git -c user.name=ci -c user.email=ci@example.com commit -qm First && "
        f"git remote add origin {tmp_path / 'remote'} && git push -q -u origin HEAD && "
        "git config user.name ci && git config user.email ci@example.com"
    )
    run(git, world.project, world.env)
    run("\n".join(jobs), world.project, world.env)
    world.slipway("status")
    pushed = run(f"git --git-dir {tmp_path / 'remote'} show HEAD --stat", tmp_path, world.env)
    assert all(f"Pulumi.{stage}.yaml" in pushed for stage in ("dev", "staging", "prod"))
    live = [world.endpoint(stage).live for stage in ("dev", "staging", "prod")]
    assert len({pin.release for pin in live}) == 1
