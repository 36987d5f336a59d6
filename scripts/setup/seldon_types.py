"""`make seldon-types`: Seldon's own client in `.tools/seldon`, for the types that it publishes.

It is made from `seldon_types.txt` beside this file when that has changed, by the uv of `make setup`. Seldon's
operator, which holds the resource's definition, is published where no package registry has it.
"""

import sys
from pathlib import Path

from scripts.setup.environment import Environment

ROOT = Path(__file__).resolve().parents[2]
LOCK = Path(__file__).resolve().with_name("seldon_types.txt")
WITHOUT = "What is exported for Seldon cannot be compared with its types; everything else works."
SELDON = Environment(ROOT, "seldon", LOCK, "Seldon's client", WITHOUT, "seldon-types")


def main() -> int:
    """Make the environment where it is not there, or not of this lock."""
    return SELDON.provide()


if __name__ == "__main__":
    sys.exit(main())
