"""The shape of the code: no file and no function that needs scrolling."""

import ast
import subprocess
from collections.abc import Iterator
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
def texts() -> dict[str, str]:
    return {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in sources()}


def functions(node: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """All functions below a node, of whatever depth; expressions hold none and are not gone through."""
    for name in ("body", "orelse", "handlers", "finalbody", "cases"):
        below = getattr(node, name, ())
        for child in below if isinstance(below, list) else ():
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
                yield child
            yield from functions(child)


def lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (function.end_lineno or 0) - function.lineno + 1


def test_functions_are_found_wherever_they_hide():
    places = (
        "class A:\n  def a(self):\n    async def b(): ...",
        "if x:\n  def a(): ...\nelse:\n  def b(): ...",
        "try:\n  def a(): ...\nexcept E:\n  def b(): ...\nelse:\n  def c(): ...\nfinally:\n  def d(): ...",
        "match x:\n  case 1:\n    def a(): ...",
        "for x in y:\n  with z:\n    while x:\n      def a(): ...",
    )
    assert ["".join(sorted(f.name for f in functions(ast.parse(text)))) for text in places] == [
        "ab",
        "ab",
        "abcd",
        "a",
        "a",
    ]


def test_no_file_is_longer_than_can_be_overlooked(texts):
    long = {name: text.count("\n") for name, text in texts.items()}
    assert {name: lines for name, lines in long.items() if lines > FILE_LINES} == {}


def test_no_function_needs_scrolling(texts):
    long = {
        f"{name}:{function.name}": lines(function)
        for name, text in texts.items()
        if text.count("\n") > FUNCTION_LINES
        for function in functions(ast.parse(text))
        if lines(function) > FUNCTION_LINES
    }
    assert long == {}
