"""`./slipway report`: a file to open, Markdown for a pipe, JSON for machines."""

import json

import pytest

from scripts import report
from scripts.shared.cli import execute
from tests.fakes.world import FakeWorld
from tests.release.scenes import begin, serving


@pytest.fixture
def slipway(monkeypatch, capsys, tmp_path):
    stage = serving()
    begin(stage, stage.pin(2))
    world = FakeWorld(stage)
    world.build = tmp_path
    monkeypatch.setattr(report, "connect", lambda tell: world)

    def run(*arguments):
        return execute(report.COMMAND, list(arguments)), *capsys.readouterr()

    return run


def test_a_page_in_the_projects_folder(slipway, tmp_path):
    code, out, _ = slipway("prod")
    page = tmp_path / "reports" / "prod-r1.html"
    assert code == 0
    assert out.splitlines()[1].strip() == str(page)
    assert page.read_text().startswith("<!doctype html>")


def test_a_page_where_one_wants_it(slipway, tmp_path):
    file = tmp_path / "new" / "[odd] page.html"
    code, out, _ = slipway("prod", "--out", str(file))
    assert (code, file.is_file()) == (0, True)
    assert str(file) in out


def test_markdown_goes_into_a_pipe(slipway, tmp_path):
    code, out, _ = slipway("prod", "--markdown")
    assert code == 0
    assert out.startswith("## ⚠️ ")
    assert not (tmp_path / "reports").exists()


def test_markdown_into_a_file(slipway, tmp_path):
    slipway("prod", "--markdown", "--out", str(tmp_path / "summary.md"))
    assert (tmp_path / "summary.md").read_text().startswith("## ")


def test_as_json(slipway, tmp_path):
    _, out, _ = slipway("prod", "--json", "--keep")
    value = json.loads(out)
    assert (value["rollout"], value["outcome"], value["stage"]) == ("r1", "open", "prod")
    assert value["file"] == str(tmp_path / "reports" / "prod-r1.html")
    assert value["kept"] == [f"s3://bucket/rollouts/r1/report.{end}" for end in ("html", "md")]


def test_markdown_in_json(slipway):
    _, out, _ = slipway("prod", "--json", "--markdown")
    assert json.loads(out)["markdown"].startswith("## ")


def test_a_rollout_that_is_not_there(slipway):
    code, _, err = slipway("prod", "--rollout", "nosuch")
    assert code == 2
    assert "no rollout nosuch" in err
