"""`./slipway help`: the commands, one line each, from the scripts' own first lines."""

import argparse
import ast
import re
from functools import cache
from pathlib import Path

from scripts.shared.cli import Command, Out, run


@cache
def commands() -> dict[str, str]:
    """Verb to summary: every module of this folder is a command, and documents itself in its first line."""
    found = {"sandbox": "a local AWS that really serves the model: up, env, status, down"}
    for path in sorted(Path(__file__).parent.glob("[a-z]*.py")):
        text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        match = re.match(r"`\./slipway [^`]+`: (?P<summary>[^.]+)\.", " ".join(text.split()))
        found[path.stem.replace("_", "-")] = match["summary"] if match else ""
    return found


def _work(args: argparse.Namespace, out: Out) -> None:
    lines = [f"  {verb:<12}{summary}" for verb, summary in sorted(commands().items())]
    usage = "usage: ./slipway COMMAND …   (each command has --help, with an example)\n"
    out.result({"commands": commands()}, usage, *lines)


COMMAND = Command(name="help", summary="The commands, one line each.", example="./slipway help", work=_work)

if __name__ == "__main__":
    run(COMMAND)
