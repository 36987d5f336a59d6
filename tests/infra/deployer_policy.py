"""Writes infra/deployer-policy.json, which is prod's: `python -m tests.infra.deployer_policy`.

With the name of a stage it prints that one's.
"""

import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from infra.deployer_policy import document
from release.adapters import stage_file
from release.domain import stage

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "infra/deployer-policy.json"
KEPT = "prod"


def text(name: str) -> str:
    """A stage's policy as it is pasted into AWS."""
    config = stage_file.read_config(stage_file.path_of(ROOT, name))
    return json.dumps(document(stage.parse(name, config)), indent=2) + "\n"


def allows(policy: Mapping[str, Any], action: str, resource: str) -> bool:
    """Whether a statement allows an action on a resource; conditions are not looked at."""
    return any(
        any(_fits(one, action) for one in _listed(statement["Action"]))
        and any(_fits(one, resource) for one in _listed(statement["Resource"]))
        for statement in policy["Statement"]
        if statement["Effect"] == "Allow"
    )


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def _fits(pattern: str, value: str) -> bool:
    return re.fullmatch(re.escape(pattern).replace(r"\*", ".*"), value) is not None


if __name__ == "__main__":
    if sys.argv[1:]:
        sys.stdout.write(text(sys.argv[1]))
    else:
        FILE.write_text(text(KEPT), encoding="utf-8")
