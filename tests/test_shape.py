"""The shape of the code: no file and no function that needs scrolling."""

import ast
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILE_LINES, FUNCTION_LINES = 400, 60


def sources() -> list[Path]:
    """All Python files that Git tracks, or would."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.py"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    return [ROOT / name for name in listed if (ROOT / name).is_file()]


@pytest.fixture(scope="module")
def trees() -> dict[Path, tuple[str, ast.Module]]:
    texts = {path: path.read_text(encoding="utf-8") for path in sources()}
    return {path: (text, ast.parse(text)) for path, text in texts.items()}


def test_no_file_is_longer_than_can_be_overlooked(trees):
    long = {str(path.relative_to(ROOT)): text.count("\n") for path, (text, _) in trees.items()}
    assert {name: lines for name, lines in long.items() if lines > FILE_LINES} == {}


def test_no_function_needs_scrolling(trees):
    long = {}
    for path, (_, tree) in trees.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or 0) - node.lineno + 1
                if lines > FUNCTION_LINES:
                    long[f"{path.relative_to(ROOT)}:{node.name}"] = lines
    assert long == {}
