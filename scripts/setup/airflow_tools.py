"""`make airflow-tools`: Airflow in `.tools/airflow`, an environment of its own: most who work here need none.

It is made from `airflow_tools.txt` beside this file when that has changed.
"""

import sys
from pathlib import Path

from scripts.setup.environment import Environment


def main() -> int:
    """Make the environment where it is not there, or not of this lock."""
    environment = Environment(
        Path(__file__).resolve().parents[2],
        "airflow",
        Path(__file__).resolve().with_name("airflow_tools.txt"),
        "Airflow",
        "The retraining cannot be run by it here; the same commands run by hand.",
        "airflow-tools",
    )
    return environment.provide()


if __name__ == "__main__":
    sys.exit(main())
