"""A real terraform with the real AWS provider in a folder of its own; nothing is downloaded.

SLIPWAY_TERRAFORM=tofu runs OpenTofu in its place. The provider comes from a filesystem mirror:
SLIPWAY_TF_PLUGINS (folders, separated as in PATH), or the places where people keep one.
"""

import itertools
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import pytest

from tests.sandbox.clients.environments import CACHE, run

CONFIGURATION: Final = Path(__file__).parent / "terraform"
REGISTRIES: Final = {"terraform": "registry.terraform.io", "tofu": "registry.opentofu.org"}
"""Whose provider `hashicorp/aws` is, for each program."""
_MIRRORS: Final = (
    "/opt/tf-plugins",
    "~/.terraform.d/plugins",
    "~/.terraform.d/providers",
    "/usr/local/share/terraform/plugins",
    "/usr/share/terraform/plugins",
)


class Terraform:
    """Commands of terraform on a copy of the configuration, with fixed variables between two changes."""

    def __init__(self, folder: Path, env: Mapping[str, str]) -> None:
        self._folder = folder / "terraform"
        shutil.copytree(CONFIGURATION, self._folder)
        self._env = {**env, "TF_IN_AUTOMATION": "1", "CHECKPOINT_DISABLE": "1"}
        self._terraform, mirror = find()
        self._run("init", f"-plugin-dir={mirror}", "-input=false")

    def set(self, **variables: str) -> None:
        """The variables of all commands that follow."""
        (self._folder / "terraform.tfvars.json").write_text(json.dumps(variables))

    def plan(self) -> dict[str, str]:
        """What the next `apply` would do: action by resource, without those that stay."""
        said = self._messages(self._run("plan", "-json", "-out=plan"), "planned_change")
        actions = {m["change"]["resource"]["addr"]: m["change"]["action"] for m in said}
        return {address: action for address, action in actions.items() if action != "read"}

    def apply(self) -> list[tuple[str, str]]:
        """Do what was planned; returns action and resource in the order in which they began."""
        said = self._messages(self._run("apply", "-json", "plan"), "apply_start")
        return [(m["hook"]["action"], m["hook"]["resource"]["addr"]) for m in said]

    def left(self) -> list[str]:
        """The managed resources that there are."""
        return [a for a in self._run("state", "list").split() if not a.startswith("data.")]

    def destroy(self) -> None:
        """Take everything away."""
        self._run("destroy", "-auto-approve")

    def _run(self, *arguments: str) -> str:
        return run([self._terraform, *arguments], self._env, self._folder, limit=180)

    @staticmethod
    def _messages(printed: str, kind: str) -> list[dict[str, Any]]:
        lines = [json.loads(line) for line in printed.splitlines()]
        return [line for line in lines if line["type"] == kind]


def find(program: str = "") -> tuple[str, Path]:
    """The program (or the one of SLIPWAY_TERRAFORM) and a mirror with the AWS provider under its registry.

    Skips the test where one is missing.
    """
    name = program or os.environ.get("SLIPWAY_TERRAFORM", "terraform")
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"there is no {name} on PATH")
    own = REGISTRIES[name]
    for registry, mirror in itertools.product((own, *REGISTRIES.values()), _candidates()):
        if _holds_provider(mirror / registry):
            return found, mirror if registry == own else _linked(mirror / registry, name)
    pytest.skip(
        f"no mirror of {name}'s AWS provider was found; SLIPWAY_TF_PLUGINS may name one "
        f"(`{name} providers mirror DIR` makes it)"
    )


def _holds_provider(registry: Path) -> bool:
    """Whether a mirror's folder of one registry has the AWS provider, unpacked or as an archive."""
    kept = registry / "hashicorp" / "aws"
    return any(kept.glob("*/*/terraform-provider-aws*")) or any(kept.glob("terraform-provider-aws_*.zip"))


def _linked(registry: Path, program: str) -> Path:
    """A mirror in which what is under another registry's name is under this program's own, by links.

    Each program takes `hashicorp/aws` for a provider of its own registry, and looks for it under that name
    alone; the protocol and the binary are the same. Neither follows a folder that is a link.
    """
    mirror = CACHE / f"providers-{program}"
    shutil.copytree(registry, mirror / REGISTRIES[program], copy_function=_link, dirs_exist_ok=True)
    return mirror


def _link(file: str, link: str) -> None:
    with suppress(FileExistsError):
        Path(link).symlink_to(file)


def _candidates() -> Iterator[Path]:
    named = os.environ.get("SLIPWAY_TF_PLUGINS", "")
    for folder in (*filter(None, named.split(os.pathsep)), *_MIRRORS):
        yield Path(folder).expanduser().absolute()
