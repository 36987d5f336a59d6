"""The Markdown: the verdict first, tables that stay tables, and no text of a release as markup."""

import re

import pytest

from release.report.build import build
from release.report.markdown import markdown, text
from release.report.words import share
from tests.release.report.rollouts import HOSTILE, SCENES, opened, taken_back


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


@pytest.mark.parametrize("name", sorted(SCENES))
def test_every_row_of_a_table_has_as_many_cells_as_its_head(reported, name):
    lines = markdown(reported(name)).splitlines()
    heads = [i for i, line in enumerate(lines) if re.fullmatch(r"\|( -+:? \|)+", line)]
    assert len(heads) == 2 + len(reported(name).watched)
    for head in heads:
        wide = len(cells(lines[head]))
        for line in lines[head - 1 :]:
            if not line.startswith("|"):
                break
            assert len(cells(line)) == wide


def test_the_verdict_comes_first(reported):
    lines = markdown(reported("failed-errors")).splitlines()
    assert lines[0].startswith("## ❌ 3f2a9c01d4e7 was taken back")
    assert "FAIL: errors" in lines[2]
    assert markdown(reported("passed")).startswith("## ✅ ")
    assert markdown(reported("no-evidence")).startswith("## ⚠️ ")


def test_the_numbers_are_those_of_the_last_verdict(reported):
    report = reported("failed-errors")
    (errors,) = [m for m in report.watched[0].metrics if m.name == "errors"]
    (line,) = [line for line in markdown(report).splitlines() if line.startswith("| errors |")]
    assert cells(line)[1:4] == ["❌ beyond", share(errors.candidate), share(errors.live)]
    assert cells(line)[5] == "0.02 % / 0.25 %"


def test_it_is_short(reported):
    assert len(markdown(reported("long"))) < 6000


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("a | b", r"a \| b"),
        ("<img src=x>", r"\<img src=x\>"),
        ("[a](b)", r"\[a\](b)"),
        ("two\n\nlines", "two lines"),
        ("# heading", "#\u200b heading"),
        ("- item", r"\- item"),
        ("1. item", r"1\. item"),
        ("0.7312", "0.7312"),
        ("@everyone", "@\u200beveryone"),
        ("fixes #12", "fixes #\u200b12"),
        ("https://example.org", r"https\://example.org"),
        ("www.example.org", r"www\.example.org"),
        ("`code`", r"\`code\`"),
        ("back\\slash", r"back\\slash"),
    ],
)
def test_a_text_is_read_as_it_was_written(value, told):
    assert text(value) == told


def test_a_long_text_is_cut():
    assert len(text("x" * 10_000)) == 300


def test_texts_of_a_release_and_of_people_stay_texts():
    told = opened("canary", git_commit=HOSTILE, note="a\n\n# b\n<details>")
    told.phases("moving")
    told = taken_back(told, f"abort by {HOSTILE}", 0)
    lines = markdown(build("prod", told.entries, [], told.manifests)).splitlines()
    assert [line for line in lines if line.startswith("#")] == lines[:1]
    assert not [line for line in lines if re.search(r"(?<!\\)<(?!/?(details|summary)>)", line)]
    assert not [line for line in lines if re.search(r"(?<!\\)\]\(|@\w|http:", line)]
