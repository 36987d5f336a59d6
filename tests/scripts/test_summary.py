"""The summary of a CI job: what a command told, as Markdown in the file that the job names."""

import re

import pytest
from rich.table import Table

from release.domain.errors import Held, ReleaseFailed
from release.ports import Event
from scripts.shared import summary
from scripts.shared.cli import Command, execute


@pytest.fixture
def file(tmp_path, monkeypatch):
    """The file that the job names."""
    path = tmp_path / "summary.md"
    monkeypatch.setenv(summary.VARIABLE, str(path))
    return path


def run(work, *arguments):
    """A command `try` that does `work(out)`; returns its exit code."""
    return execute(Command("try", "Try.", "./slipway try", lambda args, out: work(out)), list(arguments))


def promoted(out):
    """What a command tells that comes to its end."""
    out.tell(Event("copying the image"))
    out.tell(Event("1 of 2 layers", detail=True))
    out.result({"release": "abc"}, "[green]✓[/green] abc is live in prod")


@pytest.mark.parametrize("option", [(), ("--json",)])
def test_an_answer_stands_first_and_the_steps_are_folded(file, option):
    assert run(promoted, *option) == 0
    line = " ".join(["./slipway try", *option])
    assert file.read_text() == (
        f"### ✅ done: `{line}`\n\n"
        "✓ abc is live in prod\n\n"
        "<details><summary>What it did</summary>\n\n"
        "- copying the image\n  - 1 of 2 layers\n\n</details>\n\n"
    )


@pytest.mark.parametrize(
    ("error", "code", "end"), [(ReleaseFailed, 1, "❌ the release failed"), (Held, 3, "⚠️ held: a person")]
)
def test_a_failure_says_who_has_to_act_and_what_comes_next(file, error, code, end):
    def work(out):
        raise error("The gate auc failed.", "Nothing was changed.", "Look at it.")

    assert run(work) == code
    told = file.read_text()
    assert told.startswith(f"### {end}")
    assert "**error:** The gate auc failed.\n\nNothing was changed.\n\nLook at it." in told


def test_each_command_of_a_job_adds_to_what_those_before_told(file):
    run(promoted)
    run(promoted)
    assert file.read_text().count("### ✅ done") == 2


def test_outside_of_ci_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.delenv(summary.VARIABLE, raising=False)
    monkeypatch.chdir(tmp_path)
    assert run(promoted) == 0
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_be_written_ends_no_work(file, capsys):
    file.mkdir()
    assert run(promoted) == 0
    assert "the summary of the CI job could not be written" in capsys.readouterr().err


def test_what_a_person_or_a_release_says_is_no_markup(file):
    def work(out):
        out.result({}, "see \\[me](http://x) @you <script>alert(1)</script>")

    run(work)
    told = file.read_text()
    assert r"\[me\](http\://x)" in told
    assert r"\<script\>" in told
    assert "@you" not in told


def test_a_document_stands_as_it_is_and_a_table_as_it_is_printed(file, capsys):
    def work(out):
        table = Table("stage", "live", box=None, pad_edge=False)
        table.add_row("prod", "[red]abc[/red]")
        out.table(table)
        out.markdown("## A report\n\n| a | b |")

    run(work)
    assert "```\nstage  live\nprod   abc" in file.read_text()
    assert "\n## A report\n\n| a | b |\n" in file.read_text()
    assert "## A report" in capsys.readouterr().out


@pytest.mark.parametrize("word", ["`", "a``b", "```"])
def test_backquotes_of_an_argument_end_no_code(word):
    [line] = summary.markdown(["try", word], [], 0).strip().splitlines()
    fence = re.search(r"(`+) \./slipway", line)
    assert fence
    assert fence[1] not in line[fence.end() : -len(fence[1])]


def test_hours_of_steps_fit_into_a_summary():
    told: list[tuple[summary.Kind, str]] = [("detail", f"step {n} {'x' * 500}") for n in range(5_000)]
    text = summary.markdown(["try"], [*told, ("markdown", "y" * 2_000_000)], 0)
    assert len(text) < 1_000_000
    assert "step 4999" in text
    assert "the last 200 of them" in text
