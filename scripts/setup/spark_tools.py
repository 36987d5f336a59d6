"""`make spark-tools`: Spark in `.tools/spark`, an environment of its own: most who work here need none.

It is made from `spark_tools.txt` beside this file when that has changed. Java is not in it.
"""

import shutil
import sys
from pathlib import Path

from scripts.setup.environment import Environment

ROOT = Path(__file__).resolve().parents[2]


def main() -> int:
    """Make the environment where it is not there, or not of this lock."""
    if shutil.which("java") is None:
        print(
            "error: Spark needs Java, and there is none on the PATH.\n"
            "  Captured rows cannot be counted on Spark; everything else can be done.\n"
            "  Install a Java runtime, version 17 or 21, then run it again: make spark-tools",
            file=sys.stderr,
        )
        return 4
    environment = Environment(
        ROOT,
        "spark",
        Path(__file__).resolve().with_name("spark_tools.txt"),
        "Spark",
        "Captured rows cannot be counted on Spark; everything else can be done.",
        "spark-tools",
    )
    return environment.provide()


if __name__ == "__main__":
    sys.exit(main())
