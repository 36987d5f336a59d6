"""What a command came to, as Markdown for the summary of a CI job.

GitHub names a file in GITHUB_STEP_SUMMARY, and shows on the job's page what a step appends to it. Every
command does, by `Out`; where the variable is not set nothing is kept. What commands tell of releases and
people is escaped as in a report; only what a command made as Markdown itself stands as it is.
"""

import io
import os
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from rich.console import Console

VARIABLE = "GITHUB_STEP_SUMMARY"
LONGEST = 2_000
"""Characters of a line that are told."""
STEPS = 200
"""So many of the last steps are told. A summary may hold 1 MiB, and a rollout can take hours."""
WIDTH = 200
"""Columns of a table where there is no terminal that has a width."""
LARGEST = 300_000
"""Characters of a document or a table that are told."""
ENDS = {
    0: "✅ done",
    1: "❌ the release failed: nothing changed, or it was taken back",
    2: "❌ usage or configuration: nothing changed",
    3: "⚠️ held: a person has to decide",
    4: "❌ AWS or Pulumi failed: the state is recorded, run it again",
    130: "⚠️ interrupted: the state is recorded, run it again",
}
Kind = Literal["step", "detail", "result", "error", "markdown", "table"]


@dataclass
class Summary:
    """What a command has told so far, in order, where CI asks for it."""

    file: str = field(default_factory=lambda: os.environ.get(VARIABLE, ""))
    told: list[tuple[Kind, str]] = field(default_factory=list)

    def add(self, kind: Kind, renderable: Any) -> None:
        """Keep one line or one document: text, or what rich prints of something of its own."""
        if self.file:
            self.told.append((kind, renderable if isinstance(renderable, str) else _plain(renderable)))

    def leave(self, words: Sequence[str], code: int) -> OSError | None:
        """Append all of it to the file that CI names, if it names one; why that failed, or None."""
        if not self.file:
            return None
        try:
            with Path(self.file).open("a", encoding="utf-8") as file:
                file.write(markdown(words, self.told, code))
        except OSError as error:
            return error
        return None


def markdown(words: Sequence[str], told: Sequence[tuple[Kind, str]], code: int) -> str:
    """A command line, how it ended, what it answered, and at the end its steps, folded."""
    from release.report.markdown import text  # loads pydantic, which few commands of a CI job can do without

    end = ENDS.get(code, f"❌ exit code {code}")
    parts = [f"### {end}: {_code(f'./slipway {shlex.join(words)}')}"]
    for kind, what in told:
        if kind in ("result", "error"):
            sign = "**error:** " if kind == "error" else ""
            parts.append(sign + text(what, LONGEST))
        elif kind == "table":
            parts.append(_fenced(_cut(what)))
        elif kind == "markdown":
            parts.append(_cut(what))
    steps = [(kind, what) for kind, what in told if kind in ("step", "detail")]
    if steps:
        left = f", the last {STEPS} of them" if len(steps) > STEPS else ""
        lines = [f"{'  ' * (kind == 'detail')}- {text(what, LONGEST)}" for kind, what in steps[-STEPS:]]
        folded = "\n".join(lines)
        parts.append(f"<details><summary>What it did{left}</summary>\n\n{folded}\n\n</details>")
    return "\n\n".join(parts) + "\n\n"


def _plain(renderable: Any) -> str:
    """What rich would print, without its colours."""
    file = io.StringIO()
    Console(file=file, width=WIDTH, color_system=None, highlight=False, soft_wrap=True).print(renderable)
    return file.getvalue().rstrip()


def _code(line: str) -> str:
    """A line as code, whatever backquotes are in it."""
    line = " ".join(line.split())
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", line)), default=0))
    return f"{fence} {line} {fence}" if len(fence) > 1 else f"`{line}`"


def _fenced(block: str) -> str:
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", block)), default=0))
    return f"{fence}\n{block}\n{fence}"


def _cut(block: str) -> str:
    return block.rstrip() if len(block) <= LARGEST else f"{block[:LARGEST]}\n… (cut)"
