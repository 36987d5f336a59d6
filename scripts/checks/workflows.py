"""`make workflows`: whether the workflows of CI are right and safe.

By actionlint, zizmor and the project's own rules, all three without a network, in under a second.
"""

import subprocess
import sys
from pathlib import Path

from ruamel.yaml import YAML

from scripts.checks.rules import Workflow, faults

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ROOT / ".tools" / "bin"


def read(root: Path) -> dict[str, Workflow]:
    """The workflows and composite actions of a checkout, by their paths in it."""
    folder = root / ".github"
    found = sorted([*folder.glob("workflows/*.y*ml"), *folder.glob("actions/*/action.y*ml")])
    return {str(path.relative_to(root)): YAML(typ="safe").load(path) for path in found}


def problems(root: Path) -> list[str]:
    """What is wrong with the workflows of a checkout, in the words of whoever found it."""
    workflows = read(root)
    found = [f"{name}: {fault}" for name, workflow in workflows.items() for fault in faults(workflow)]
    files = [name for name in workflows if "/workflows/" in name]
    for command in (
        [_tool("actionlint"), "-no-color", *files],
        [
            _tool("zizmor"),
            "--offline",
            "--no-progress",
            "--quiet",
            "--color=never",
            "--strict-collection",
            ".github",
        ],
    ):
        done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
        if done.returncode:
            found.append((done.stdout + done.stderr).strip())
    return found


def _tool(name: str) -> str:
    """The project's own tool, else the one on PATH."""
    ours = (TOOLS / name, Path(sys.executable).parent / name)
    return next((str(path) for path in ours if path.exists()), name)


def main() -> int:
    """Print what is wrong; 1 when anything is."""
    found = problems(ROOT)
    for problem in found:
        print(problem, file=sys.stderr)
    if found:
        print(
            "error: the workflows are not safe to run (above). What is asked of them: docs/ci.md",
            file=sys.stderr,
        )
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
