"""Writes infra/deployer-policy.json, which is prod's: `python -m tests.infra.deployer_policy`.

With the name of a stage it prints that one's: several policies, one after the other, where AWS takes no
longer one.
"""

import json
import sys
from pathlib import Path

from infra.deployer_policy import managed
from release.adapters import stage_file
from release.domain import stage

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "infra/deployer-policy.json"
KEPT = "prod"


def text(name: str) -> str:
    """A stage's policy as it is pasted into AWS, or several."""
    config = stage_file.read_config(stage_file.path_of(ROOT, name))
    return "".join(json.dumps(one, indent=2) + "\n" for one in managed(stage.parse(name, config)))


if __name__ == "__main__":
    if sys.argv[1:]:
        sys.stdout.write(text(sys.argv[1]))
    else:
        FILE.write_text(text(KEPT), encoding="utf-8")
