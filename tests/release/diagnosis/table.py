"""Writes the table of known failures in docs/doctor.md anew: `python -m tests.release.diagnosis.table`."""

import re
from pathlib import Path

from release.domain.diagnosis.doctor import RULES
from release.domain.diagnosis.rule import Rule

DOCUMENT = Path(__file__).parents[3] / "docs/doctor.md"
HEAD = "| name | cause | fix |\n|---|---|---|\n"
_TABLE = re.compile(r"(?<=^## Known failures\n\n)\|.*?(?=^(?!\|))", re.MULTILINE | re.DOTALL)


def line(rule: Rule) -> list[str]:
    """One rule as the cells of its line; what it fills in is written in capitals."""
    return [rule.name, *(re.sub(r"{(\w+)}", lambda m: m[1].upper(), text) for text in (rule.cause, rule.fix))]


def table() -> str:
    """All rules, in their order."""
    lines = [line(rule) for rule in RULES]
    return HEAD + "".join(f"| `{name}` | {cause} | {fix} |\n" for name, cause, fix in lines)


if __name__ == "__main__":
    DOCUMENT.write_text(_TABLE.sub(lambda _: table(), DOCUMENT.read_text()))
