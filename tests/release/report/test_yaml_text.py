"""A document is read back as it was, by readers of YAML 1.1 and of 1.2."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from release.report.yaml_text import yaml_text

HOSTILE = (
    *("y", "N", "on", "Off", "yes", "no", "true", "null", "~", "<<", "=", ""),
    *("1:30", "1e3", "0o7", "0x1f", "1_000", ".5", "-.inf", ".NaN", "2026-11-30", "2026-11-30 10:00:00"),
    *("a\r\nb", "a\rb", "a\x85b", "a\u2028b", "\tfirst\nsecond", " first\nsecond", "a\n\n", "\n", "a \nb"),
    *(
        "a\x01" * 50,
        "a\tb" * 50,
        "é" * 100,
        "x" * 200,
        "# not a comment\nb",
        "- a\n- b",
        "a: b",
        "{{args.x}}",
    ),
)
GO_BOOLEANS = {"y", "n", "yes", "no", "on", "off", "true", "false"}
"""What the reader of kubectl and kustomize takes for a boolean, in any case: ruamel's of 1.1 knows no `y`."""


def read(text: str, version: tuple[int, int]) -> object:
    """The document, as a reader of that version of YAML has it."""
    yaml = YAML(typ="safe", pure=True)
    yaml.version = version
    return yaml.load(io.StringIO(text))


@pytest.mark.parametrize("version", [(1, 1), (1, 2)])
def test_what_some_read_otherwise_is_read_back_as_it_was(version):
    document = {"texts": HOSTILE, "others": [1, 2.5, True, None], "names": dict.fromkeys(HOSTILE, 1)}
    assert read(yaml_text("title", document), version) == document | {"texts": list(HOSTILE)}


@pytest.mark.parametrize("version", [(1, 1), (1, 2)])
@given(text=st.text(st.characters(codec="utf-8")))
def test_every_text_is_read_back_as_it_was(version, text):
    assert read(yaml_text("title", {"text": text}), version) == {"text": text}


@pytest.mark.parametrize("word", sorted(GO_BOOLEANS | {word.title() for word in GO_BOOLEANS}))
def test_a_word_that_some_take_for_a_boolean_is_quoted(word):
    assert yaml_text("title", {word: word}) == f'# title\n"{word}": "{word}"\n'


def test_a_long_expression_has_lines_of_its_own():
    long = "sum(a) /\n  sum(b)"
    assert yaml_text("title", {"expr": long}) == "# title\nexpr: |-\n  sum(a) /\n    sum(b)\n"
