"""The page of a release's requests beside its sample, column by column: for people who look for what changed.

Evidently draws it, in an environment of its own; its tests and thresholds are not what decides here.
"""

import os
import subprocess
import tempfile
from pathlib import Path

from release.domain.errors import SlipwayError

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = Path(__file__).resolve().parent / "programs" / "drift_page.py"
SECONDS = 600.0


class PageError(SlipwayError):
    """The page of drift could not be drawn."""

    exit_code = 2


def installed(tools: Path = ROOT / ".tools") -> Path:
    """The Python that Evidently is installed for. Raises PageError where it is not."""
    python = tools / "evidently" / "bin" / "python"
    if not python.is_file():
        raise PageError(
            "Evidently, which draws the page, is not installed.",
            "No page was drawn; what is drift is decided without it.",
            "Run make drift-report-tools, then the same command.",
        )
    return python


def draw(sample: bytes, schema: bytes, rows: bytes, page: Path, tools: Path = ROOT / ".tools") -> None:
    """Write the page: `sample` and `schema` are the artifact's `reference.csv` and `schema.json`, `rows` is a
    CSV of answered rows with the same columns. Raises PageError, and then leaves no page."""
    python = installed(tools)
    with tempfile.TemporaryDirectory() as folder:
        tables = {"reference.csv": sample, "rows.csv": rows, "schema.json": schema}
        for name, content in tables.items():
            (Path(folder) / name).write_bytes(content)
        drawn = Path(folder) / "page.html"
        command = [str(python), "-I", str(PROGRAM), *(str(Path(folder) / name) for name in tables)]
        failed = _failure([*command, str(drawn)])
        if failed is None and not drawn.is_file():
            failed = "it wrote no page"
        if failed is not None:
            raise PageError(
                f"Evidently could not draw the page: {failed}",
                "No page was written; what is drift is decided without it.",
                "Compare the rows with the release's schema.json; fewer rows are drawn sooner.",
            )
        try:
            page.parent.mkdir(parents=True, exist_ok=True)
            page.write_bytes(drawn.read_bytes())
        except OSError as error:
            raise PageError(
                f"The page could not be written to {page}: {error.strerror}",
                "It was drawn, and is lost.",
                "Give another file, or free some space.",
            ) from error


def _failure(command: list[str]) -> str | None:
    """Run it; its last words where it failed."""
    # it would tell its makers of every run
    environment = {**os.environ, "DO_NOT_TRACK": "1"}
    try:
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return f"it was not done after {SECONDS:.0f} s"
    words = done.stderr.strip().splitlines()
    return None if done.returncode == 0 else (words[-1][:200] if words else f"exit code {done.returncode}")
