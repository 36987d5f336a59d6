"""Writes infra/deployer-policy.json, which is prod's: `python -m tests.infra.deployer_policy`.

With the name of a stage it prints that one's.
"""

import json
import sys
from pathlib import Path

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


if __name__ == "__main__":
    if sys.argv[1:]:
        sys.stdout.write(text(sys.argv[1]))
    else:
        FILE.write_text(text(KEPT), encoding="utf-8")
