"""`python -m model.training.dvc STAGE`: one stage of `dvc.yaml` in the current folder. DVC calls it."""

import argparse
import sys
from pathlib import Path

from model.errors import ModelError
from model.training.dvc.parameters import parameters
from model.training.dvc.stages import STAGES, run


def main(argv: list[str] | None = None) -> int:
    """Run one stage; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m model.training.dvc", description=__doc__)
    parser.add_argument("stage", choices=tuple(STAGES))
    name, folder = parser.parse_args(argv).stage, Path.cwd()
    try:
        run(name, folder, parameters(folder), _say)
    except ModelError as error:
        print(f"error: {error.cause}\n  {error.consequence}\n  {error.next_step}", file=sys.stderr)
        return error.exit_code
    return 0


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
