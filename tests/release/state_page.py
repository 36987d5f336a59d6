"""Writes the table of docs/state.md anew: `python -m tests.release.state_page`."""

import re
from pathlib import Path

from release.domain.state import TABLE, Answer

DOCUMENT = Path(__file__).parents[2] / "docs/state.md"
HEAD = (
    "| standing | what is so | promoting from it | `release`, `promote` | `apply` | `rollback` "
    "| what ends it |\n"
    "|---|---|---|---|---|---|---|\n"
)
_TABLE = re.compile(r"(?<=^## The table\n\n)\|.*?(?=^(?!\|))", re.MULTILINE | re.DOTALL)


def table() -> str:
    """All standings, in the order in which they are looked for."""
    return HEAD + "".join(f"| `{found}` | {_cells(answer)} |\n" for found, answer in TABLE.items())


def page() -> str:
    """The whole document, with the table as it has to be."""
    return _TABLE.sub(lambda _: table(), DOCUMENT.read_text(encoding="utf-8"))


def _cells(answer: Answer) -> str:
    so, ends = (re.sub(r"{(\w+)}", lambda found: found[1].upper(), text) for text in (answer.so, answer.ends))
    command = re.compile(r"\./slipway [a-z]+ STAGE(?: --[a-z]+ (?:[A-Z]+|'why'))?")
    ends = command.sub(lambda found: f"`{found[0]}`", ends)
    return " | ".join([so, *answer.does.values(), ends])


if __name__ == "__main__":
    DOCUMENT.write_text(page(), encoding="utf-8")
