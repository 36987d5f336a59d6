"""`./slipway card`: Markdown for a pipe, files where one wants them, JSON for machines."""

import json

import pytest

from scripts import card
from scripts.shared.cli import execute
from tests.fakes.world import FakeWorld
from tests.release.report.cards import carded
from tests.release.scenes import serving


@pytest.fixture
def slipway(monkeypatch, capsys):
    stage = serving()
    content = carded()
    stage.artifacts.put_release(content, b"{}")
    monkeypatch.setattr(card, "connect", lambda tell: FakeWorld(stage))

    def run(*arguments):
        return execute(card.COMMAND, [content.id, *arguments]), *capsys.readouterr()

    return run


def test_markdown_goes_into_a_pipe(slipway):
    code, out, _ = slipway()
    assert code == 0
    assert out.startswith(f"# Model card of {carded().id}\n")


def test_both_shapes_into_files(slipway, tmp_path):
    page, text = tmp_path / "new" / "[odd] card.html", tmp_path / "card.md"
    code, out, _ = slipway("--html", str(page), "--markdown", str(text))
    assert code == 0
    assert str(page) in out
    assert page.read_text().startswith("<!doctype html>")
    assert text.read_text().startswith("# Model card")


def test_as_json(slipway, tmp_path):
    _, out, _ = slipway("--json")
    value = json.loads(out)
    assert value["markdown"].startswith("# Model card")
    assert (value["failed_gates"], value["stages"], value["files"]) == (["calibration"], ["prod"], [])


def test_a_release_that_nobody_knows(slipway, monkeypatch):
    monkeypatch.setattr(card, "connect", lambda tell: FakeWorld(serving()))
    code, _, err = slipway()
    assert code == 2
    assert "No stage knows release" in err
