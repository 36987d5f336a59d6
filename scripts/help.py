"""`./slipway help`: the commands, one line each, from the scripts' own first lines."""

import ast
import re
from pathlib import Path


def commands() -> dict[str, str]:
    """Verb to summary, read from the modules of this folder that document themselves as a command."""
    found = {"sandbox": "a local AWS that really serves the model: up, env, status, down"}
    for path in sorted(Path(__file__).parent.glob("*.py")):
        text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        match = re.match(r"`\./slipway (?P<verb>\w+)[^`]*`: (?P<summary>[^.]+)\.", " ".join(text.split()))
        if match and path.stem == match["verb"]:
            found[path.stem] = match["summary"]
    return found


def main() -> None:
    """Print them."""
    print("usage: ./slipway COMMAND …   (each command has --help, with an example)\n")
    for verb, summary in sorted(commands().items()):
        print(f"  {verb:<10}{summary}")


if __name__ == "__main__":
    main()
