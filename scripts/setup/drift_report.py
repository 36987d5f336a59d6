"""`make drift-report-tools`: Evidently in `.tools/evidently`, an environment of its own with its own bounds.

It is made from `drift_report.txt` beside this file when that has changed, by the uv of `make setup`. It only
draws (`monitoring/drawing/`); what is drift is decided without it.
"""

import sys
from pathlib import Path

from scripts.setup.environment import Environment

EVIDENTLY = Environment(
    Path(__file__).resolve().parents[2],
    "evidently",
    Path(__file__).resolve().with_name("drift_report.txt"),
    "Evidently",
    "No report of drift can be drawn; drift is decided without it.",
    "drift-report-tools",
)


def main() -> int:
    """Make the environment where it is not there, or not of this lock."""
    return EVIDENTLY.provide()


if __name__ == "__main__":
    sys.exit(main())
