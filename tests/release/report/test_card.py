"""A card tells all that the evidence holds, and says what is not there; no text of it is markup."""

import re

import pytest

from release.domain.manifest import Foreign, GateResult, from_bytes
from release.report.card.build import build
from release.report.card.document import Heard, Plot, Word
from release.report.card.markdown import markdown
from release.report.card.page import folded, html
from release.report.card.plot import calibration
from release.report.markdown import markdown as report_markdown
from release.report.page import html as report_page
from tests.release.examples import manifest
from tests.release.report.cards import CARD, GATES, HEARD, carded, hostile
from tests.release.report.reading import Page
from tests.release.report.rollouts import HOSTILE

PARTS = [
    ("intended use", "To plan a journey."),
    ("out of scope", "The safety of a flight."),
    ("owner", "the delays team"),
    ("the main measure with its interval", "AUC 0.71 (0.7 to 0.72) on 1,000 test rows"),
    ("a measure of all rows", "0.7104"),
    ("of the validation rows", "0.7462"),
    ("a slice with its interval", "0.69 (0.68 to 0.7)"),
    ("a slice that is too small", "too few rows"),
    ("which slice that is", "SWF (7)"),
    ("a tenth of the calibration", "0.12 (0.11 to 0.13)"),
    ("a group", "0.41 (0.4 to 0.42)"),
    ("where a row is selected", "from a score of 0.25 on"),
    ("a group that is too small", "carrier OO (5)"),
    ("the bound of a gate", "it must be at most 0.05"),
    ("a waived gate", "did not pass; waived in staging until 2026-02-01"),
    ("a limit", "It has seen one year."),
    ("a waiver", "season"),
    ("an approval", "looked at the slices"),
    ("the commit", "f00dbabe"),
    ("the run", "run-77"),
    ("the data's hash", "d" * 64),
    ("the source of the data", "a public register (CC0)"),
    ("the period", "2013-01-01 to 2013-06-30"),
    ("a column's missing share", "70.9 %"),
    ("a column's range", "16.5 to 58.25"),
    ("a category's values", "12 values, most often UA 40.0 %, B6 30.0 %"),
    ("the drift reference", "e" * 64),
]


def plain(text: str) -> str:
    """Markdown without its escapes."""
    return re.sub(r"\\([^\w\s])", r"\1", text).replace("\u200b", "")


@pytest.mark.parametrize(("what", "part"), PARTS, ids=[what for what, _ in PARTS])
def test_page_and_markdown_tell_it(what, part):
    card = build(carded(), HEARD)
    assert part in Page(html(card)).text
    assert part in plain(markdown(card))


def test_a_measure_of_a_slice_is_told_once_and_a_fact_of_the_split_is_no_measure():
    text = markdown(build(carded(), HEARD))
    assert "auc origin JFK" not in text
    assert "| month |" not in text


def test_the_page_is_one_file_that_loads_nothing():
    text = html(build(carded(), HEARD))
    read = Page(text)
    assert not {tag for tag, _ in read.tags} & {"script", "link", "img", "iframe", "object", "base", "a"}
    assert re.findall(r"https?:|url\(|@import|//[a-z]", text) == []
    (policy,) = [a for a in read.all("meta") if a.get("http-equiv") == "Content-Security-Policy"]
    assert policy["content"] == "default-src 'none'; style-src 'unsafe-inline'"
    assert len(text.encode()) < 50_000


def test_no_text_of_evidence_or_people_is_markup():
    heard = Heard((Word(*[HOSTILE] * 7),), (HOSTILE,), (HOSTILE,))
    gates = (GateResult(name=HOSTILE, passed=False, reason=HOSTILE),)
    content = carded(card=hostile(CARD), gates=gates, source={HOSTILE: HOSTILE}, service=HOSTILE)
    card = build(content, heard)
    for text in (html(card), folded(card)):
        read = Page(text)
        assert not read.all("script")
        assert not read.all("a")
        assert not [name for _, attrs in read.tags for name in attrs if name.startswith("on")]
        assert read.text.count("<script>alert(1)</script>") > 20
    for line in markdown(card).splitlines():
        assert not re.search(r"(?<!\\)(<|\[a\]|!\[)|@everyone", line), line


def test_no_declaration_and_no_word_are_said_to_be_missing():
    silent = CARD | {"statement": {}, "fairness": [], "slices": []}
    read = Page(html(build(carded(card=silent), Heard(stages=("dev",))))).text
    assert "Not declared by the service." in read
    assert "Where it comes from is not declared" in read
    assert "Nobody approved it or waived a gate of it in dev." in read
    assert "Fairness" not in read
    assert "By slice" not in read


def test_ledgers_that_were_not_read_are_not_taken_for_silence():
    content = carded()
    assert f"No ledger was read. What people said since: ./slipway card {content.id}" in (
        Page(html(build(content, Heard()))).text
    )
    told = markdown(build(content, Heard(stages=("dev",), unread=("prod",))))
    assert "What was said in prod could not be read." in told


def test_a_release_of_an_earlier_version_has_a_card_of_what_its_manifest_tells():
    read = Page(html(build(manifest(gates=GATES), HEARD))).text
    assert "released by a version that measured nothing for a card" in read
    assert "it must be at most 0.05" in read
    assert "Columns" not in read


def test_evidence_of_a_later_version_is_read_as_far_as_it_is_known():
    later = CARD | {"format": 2, "moon": {"phase": 3}}
    assert "AUC 0.71" in markdown(build(carded(card=later), HEARD))
    assert "cannot be read by this version" in markdown(build(carded(card={"format": "x"}), HEARD))


def test_a_manifest_without_a_card_keeps_its_bytes_and_its_id():
    assert b'"card"' not in manifest().to_bytes()
    content = carded()
    assert from_bytes(content.to_bytes(), content.id) == content
    assert content.id != carded(card={}).id


class TestPlot:
    def test_every_tenth_is_drawn_and_told(self):
        drawn = calibration(Plot(build_bins(), share=True))
        assert drawn.count('class="line candidate"') == 1
        assert 'aria-label="Mean label over mean score. score 0.1: label 0.12 (0.11 to 0.13)' in drawn
        assert "M100 88L400 65 700 45" in drawn

    def test_of_numbers_the_range_is_theirs_and_has_no_per_cent(self):
        drawn = calibration(Plot(build_bins(), share=False))
        labels = re.findall(r'<span class="[xy]l[^>]*>([^<]*)</span>', drawn)
        assert labels
        assert "%" not in "".join(labels)

    def test_nothing_to_draw_is_no_plot(self):
        assert calibration(Plot((), share=True)) == ""


def build_bins():
    """Those of the example."""
    return next(s.plot for s in build(carded(), HEARD).model if s.plot).bins


def test_a_rollouts_report_holds_the_card_of_what_it_brought(reported):
    page = Page(report_page(reported("canary"), build(carded(), HEARD)))
    assert f"Model card and data sheet of {carded().id}" in page.text
    assert "To plan a journey." in page.text
    assert "Model card" not in Page(report_page(reported("canary"))).text


def test_a_rollouts_markdown_names_the_command_that_tells_the_card(reported):
    report = reported("canary")
    assert f"Its model card: ./slipway card {report.release}" in report_markdown(report)


def test_of_a_container_of_others_it_tells_what_its_evidence_says_and_who_knows_the_rest():
    content = manifest(foreign=Foreign(kind="binary"), source={"made_by": "Ada, data science"})
    text = plain(markdown(build(content, Heard())))
    for part in ("Ada, data science", "of somebody else", "whoever made it knows", "0.71"):
        assert part in text
    assert "Train and release it again" not in text
    assert "Python" not in text


def test_of_a_container_of_others_every_measure_is_told_and_nothing_that_nobody_measured():
    content = manifest(
        foreign=Foreign(kind="ranking"),
        evaluation={"ndcg_at_10": 0.4321, "test_auc": 0.81, "holdout_rows": 12000.0},
        source={"made_by": "Ada", "release": "of theirs"},
    )
    text = plain(markdown(build(content, Heard()))).replace("\\_", "_")
    for line in ("| ndcg_at_10 | 0.4321 |", "| test_auc | 0.81 |", "| holdout_rows | 12,000 |"):
        assert line in text
    for line in ("| kind | ranking |", f"| release | {content.id} |", "| release | of theirs |"):
        assert line in text
    assert text.count("As its evidence says") == 2
    for claim in ("intervals of 95 %", "validation rows", "Measured in training"):
        assert claim not in text
