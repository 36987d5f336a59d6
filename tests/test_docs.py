"""What the documents say is what there is: links, paths, commands, and the tables that the code decides."""

import argparse
import ast
import importlib
import itertools
import re
import shlex
from functools import cache
from pathlib import Path
from typing import get_args

import pytest

from release.domain.burn_rates import BURN_ALERTS
from release.domain.diagnosis.doctor import RULES
from release.domain.errors import SlipwayError
from release.domain.experiment import Concluded
from release.domain.health import budgets
from release.domain.ledger import Closed, End, Entered, Judged, Opened, Phase, Refused, Resumed
from release.domain.pins import PIN_ROLES, ReleasePin
from release.domain.retrained import Asked, Ended, TakenOver, Trained
from release.domain.said import Said
from release.domain.stages import StageEntry
from release.rollout.machine import TRANSITIONS
from release.rollout.strategies import STRATEGIES
from scripts.help import commands
from scripts.shared.cli import INTERRUPTED, STALE
from tests.release.diagnosis import table

ROOT = Path(__file__).parents[1]
DOCS = ("README.md", "CONTRIBUTING.md", *sorted(str(p.relative_to(ROOT)) for p in ROOT.glob("docs/**/*.md")))
IGNORED = {".git", ".venv", ".tools", ".build", ".sandbox", "__pycache__", ".hypothesis", ".ruff_cache"}
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
PATH = re.compile(r"[\w.-]+(/[\w.-]+)*/?")
PLACEHOLDERS = ("NAME", "VERB", "COMMAND", "/things/")
"""What the reader names."""


@cache
def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def prose(name: str) -> str:
    """Without the fenced blocks."""
    return FENCE.sub("", text(name))


@cache
def files() -> frozenset[str]:
    """Everything in the checkout that no run has made, folders with a slash at their end."""
    found: set[str] = set()
    left = [ROOT]
    while left:
        for path in left.pop().iterdir():
            if path.name in IGNORED:
                continue
            if path.is_dir():
                left.append(path)
            found.add(str(path.relative_to(ROOT)) + "/" * path.is_dir())
    return frozenset(found)


@cache
def anchors(name: str) -> frozenset[str]:
    """The anchors of a document's headings, as GitHub makes them."""
    titles = re.findall(r"^#+ (.+)$", prose(name), re.MULTILINE)
    plain = (re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", title).lower() for title in titles)
    return frozenset(re.sub(r"[^\w -]", "", title).replace(" ", "-") for title in plain)


def rows(name: str, title: str) -> list[list[str]]:
    """The cells of the tables under a heading, without their first two lines and without backquotes."""
    found = re.search(rf"^(#+) {re.escape(title)}$(.*?)(?=^#|\Z)", text(name), re.MULTILINE | re.DOTALL)
    assert found, f"{name} has no heading {title!r}"
    lines = [line for line in found[2].splitlines() if line.startswith("|")]
    cells = [[cell.strip().replace("`", "") for cell in line.strip("|").split("|")] for line in lines]
    rules = [number for number, line in enumerate(cells) if set("".join(line)) <= set("-: ")]
    heads = {number - 1 for number in rules} | set(rules)
    return [line for number, line in enumerate(cells) if number not in heads]


def sentences(enum: type) -> dict[str, str]:
    """Value to docstring of an enum's members, from its source."""
    tree = ast.parse(text("release/domain/ledger.py"))
    body = next(
        node.body for node in tree.body if isinstance(node, ast.ClassDef) and node.name == enum.__name__
    )
    found = {}
    for member, says in itertools.pairwise(body):
        if isinstance(member, ast.Assign) and isinstance(says, ast.Expr):
            found[ast.literal_eval(member.value)] = ast.literal_eval(says.value)
    return found


@pytest.mark.parametrize("name", DOCS)
def test_every_link_leads_somewhere(name):
    wrong = []
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(name)):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        there = ((ROOT / name).parent / path).resolve() if path else ROOT / name
        known = anchors(str(there.relative_to(ROOT))) if anchor and there.is_file() else {anchor}
        if not there.exists() or anchor not in known:
            wrong.append(target)
    assert wrong == []


@pytest.mark.parametrize("name", DOCS)
def test_every_path_exists(name):
    """A path that begins with a room is there; a file of code is the end of one that is."""
    rooms = {entry.partition("/")[0] for entry in files() if "/" in entry}
    wrong = []
    for span in re.findall(r"`([^`\n]+)`", prose(name)):
        for word in span.split():
            if not PATH.fullmatch(word) or any(name in word for name in PLACEHOLDERS):
                continue
            code = word.endswith((".py", ".md"))
            if "/" in word and word.partition("/")[0] in rooms:
                there = word in files() or f"{word}/" in files()
            else:
                there = not code or any(entry == word or entry.endswith(f"/{word}") for entry in files())
            if not there:
                wrong.append(word)
    assert wrong == []


def test_the_readme_names_every_command():
    missing = [verb for verb in commands() if f"./slipway {verb}" not in text("README.md")]
    assert missing == []


def slipway_lines(name: str) -> list[str]:
    """Every `./slipway …` of a document, whether in a block or in a sentence."""
    blocks = "\n".join(FENCE.findall(text(name)))
    spans = re.findall(r"`([^`\n]+)`", prose(name))
    lines = [line.partition("#")[0] for line in (*blocks.replace("\\\n", " ").splitlines(), *spans)]
    return [part for line in lines for part in re.findall(r"\./slipway [^&|;)`]+", line)]


@cache
def options(verb: str) -> frozenset[str]:
    """The options that a command takes."""
    parser = argparse.ArgumentParser()
    command = importlib.import_module(f"scripts.{verb.replace('-', '_')}").COMMAND
    command.arguments(parser)
    command.further(parser, ["--service", "model/service"])  # whatever others there are
    return frozenset(parser._option_string_actions) | {"--json", "--traceback"}


@pytest.mark.parametrize("name", DOCS)
def test_every_command_exists_with_its_options(name):
    wrong = []
    for line in slipway_lines(name):
        verb, *given = shlex.split(line.partition(" ")[2].replace("'", ""))
        if verb in {"sandbox", *PLACEHOLDERS}:
            continue
        known = options(verb) if verb in commands() else frozenset()
        asked = [word.partition("=")[0] for word in given if re.fullmatch(r"--?[a-z][a-z-]*(=.*)?", word)]
        if verb not in commands() or not known.issuperset(asked):
            wrong.append(line)
    assert wrong == []


@pytest.mark.parametrize("name", DOCS)
def test_every_make_target_exists(name):
    targets = set(re.findall(r"^([a-z][a-z-]*):", text("Makefile"), re.MULTILINE))
    blocks = [line for block in FENCE.findall(text(name)) for line in block.splitlines()]
    lines = [line.partition("#")[0] for line in (*re.findall(r"`([^`\n]+)`", prose(name)), *blocks)]
    named = [
        word
        for line in lines
        for words in re.findall(r"^make((?: [a-z-]+)+)", line)
        for word in words.split()
    ]
    assert [target for target in named if target not in targets] == []


def test_the_phases_are_the_codes():
    said = {row[0]: row[1] for row in rows("docs/releases.md", "Phases")}
    wanted = sentences(Phase) | sentences(End)
    assert {key: " ".join(value.split()) for key, value in wanted.items()} == said
    assert set(said) == {*Phase, *End}


def test_the_transitions_are_the_codes():
    wanted = [[phase.value, signal.value, to.value] for (phase, signal), to in TRANSITIONS.items()]
    assert rows("docs/releases.md", "Transitions") == wanted


def test_the_burn_rates_are_the_codes():
    wanted = [
        [
            alert.name,
            f"{alert.rate:g}",
            f"{budgets.span(alert.long)}, {budgets.span(alert.short)}",
            f"{100 * alert.bound(99.5):g} %",
            alert.severity,
        ]
        for alert in BURN_ALERTS
    ]
    said = rows("docs/monitoring.md", "When a budget is used up too fast")
    assert [[row[0], *row[2:]] for row in said] == wanted


@pytest.mark.parametrize("chapter", re.findall(r"^## (.+)$", text("docs/aws.md"), re.MULTILINE))
def test_every_assumption_about_aws_has_a_source_and_a_place_where_it_is_held(chapter):
    found = rows("docs/aws.md", chapter)
    assert found
    for row in found:
        assert len(row) == 4, row
        assert all(row[:3]), row


def test_every_phase_has_a_line_about_dying_in_it():
    first = [row[0] for row in rows("docs/releases.md", "When something dies")]
    assert first[: len(Phase)] == [phase.value for phase in Phase]


def test_every_strategy_and_every_key_of_a_stage_is_explained():
    assert [row[0] for row in rows("docs/releases.md", "Strategies")] == list(STRATEGIES)
    keys = [row[0] for row in rows("docs/releases.md", "Stages, and what entering them needs")]
    assert keys == list(StageEntry.model_fields)


def test_a_pin_is_shown_with_all_that_it_holds():
    live, candidate = (
        re.findall(r"(\w+): ", found[1])
        for role in ("live", "candidate")
        if (found := re.search(rf"^  {role}: +\{{(.*)\}}", text("docs/releases.md"), re.MULTILINE))
    )
    assert [*live, *(key for key in candidate if key not in live)] == list(ReleasePin.model_fields)
    assert set(PIN_ROLES) <= set(re.findall(r"^  (\w+): +\{", text("docs/releases.md"), re.MULTILINE))


KINDS = (
    *(Opened, Entered, Judged, Concluded, Resumed, Closed, Refused, Said, Asked, Trained, TakenOver, Ended),
)


def test_every_event_of_the_ledger_is_explained_with_all_that_it_holds():
    first, holds = map(" ".join, zip(*rows("docs/releases.md", "The ledger"), strict=True))
    # The phases between two that are named are told by three dots.
    between = set(list(Phase)[2:-1])
    for kind in KINDS:
        events = set(get_args(kind.model_fields["event"].annotation)) - between
        assert {str(event) for event in events} <= set(re.findall(r"[\w-]+", first)), kind
        assert kind.model_fields.keys() - {"event"} <= set(re.findall(r"\w+", holds)), kind


def test_the_exit_codes_are_the_codes():
    codes = {error.exit_code for error in (SlipwayError, *_all(SlipwayError))} | {0, INTERRUPTED, STALE}
    assert {row[0] for row in rows("README.md", "A release, a pin, a rollback") if row[0].isdecimal()} == {
        str(code) for code in codes
    }


def _all(kind: type[SlipwayError]) -> list[type[SlipwayError]]:
    return [found for sub in kind.__subclasses__() for found in (sub, *_all(sub))]


def test_the_known_failures_are_the_codes():
    assert rows("docs/doctor.md", "Known failures") == [
        [cell.replace("`", "") for cell in table.line(rule)] for rule in RULES
    ]


def test_every_library_that_is_asked_for_says_why():
    said = {
        word
        for row in rows("docs/dependencies.md", "Why these libraries")
        for word in re.findall(r"[\w.-]+", row[0])
    }
    files_of_requirements = ("requirements.txt", "requirements-dev.txt", "model/requirements.txt")
    files_of_requirements += (
        "sandbox/requirements.txt",
        "model/serving/requirements.in",
        "model/image/requirements.in",
        "scripts/setup/data_tools.in",
        "scripts/setup/spark_tools.in",
        "monitoring/requirements.txt",
        "scripts/setup/drift_report.in",
    )
    asked = {
        found[1]
        for name in files_of_requirements
        for line in text(name).splitlines()
        if (found := re.match(r"([a-z][\w.-]*?)(?:\[|==|>|<|$)", line))
    }
    assert {name for name in asked if name not in said and name.partition("-")[0] not in said} == set()
