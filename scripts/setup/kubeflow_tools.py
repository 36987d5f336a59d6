"""`make kubeflow-tools`: Kubeflow Pipelines' SDK in `.tools/kubeflow`, an environment of its own.

It is made from `kubeflow_tools.txt` beside this file when that has changed.
"""

import sys
from pathlib import Path

from scripts.setup.environment import Environment


def main() -> int:
    """Make the environment where it is not there, or not of this lock."""
    environment = Environment(
        Path(__file__).resolve().parents[2],
        "kubeflow",
        Path(__file__).resolve().with_name("kubeflow_tools.txt"),
        "Kubeflow Pipelines",
        "The retraining cannot be run by it here; the same commands run by hand.",
        "kubeflow-tools",
    )
    return environment.provide()


if __name__ == "__main__":
    sys.exit(main())
