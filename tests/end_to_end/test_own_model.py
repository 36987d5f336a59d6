"""A team's own service, of another kind and on other data, goes the way of docs/own-model.md to its callers.

The document's commands are run as they stand, in a project folder that lies elsewhere.
"""

import json
import os
from pathlib import Path

import pytest

from release.adapters import stage_file
from release.domain import stage as stage_settings
from tests.conftest import ROOT
from tests.end_to_end.test_readme import BLOCK, run

pytestmark = pytest.mark.sandbox

MOST_OWN_LINES = 100


@pytest.fixture(scope="module")
def walked(tmp_path_factory) -> tuple[Path, list[str]]:
    """The project in which the document's commands were run, and what they printed."""
    project = tmp_path_factory.mktemp("walk") / "diabetes"
    blocks = BLOCK.findall((ROOT / "docs" / "own-model.md").read_text())
    script = "\n".join(blocks).replace("../diabetes", str(project))
    assert script.count(str(project)) == 2
    try:
        return project, run(script, ROOT, dict(os.environ)).splitlines()
    finally:
        run("./slipway sandbox down", project, dict(os.environ))


def test_the_walk_ends_with_an_answer_in_staging(walked):
    project, printed = walked
    [answer] = json.loads(printed[-1])["predictions"]
    golden = json.loads((project / ".build/model/golden.json").read_text())
    assert answer == pytest.approx(golden["requests"][0]["scores"][0], abs=golden["tolerance"])
    assert answer > 25, "it is a number, and no probability"


def test_the_same_release_of_that_service_is_live_in_both_stages(walked):
    project, _ = walked
    evidence = json.loads((project / ".build/model/evidence.json").read_text())
    assert evidence["input_schema"]["service"] == "diabetes"
    releases = set()
    for stage in ("dev", "staging"):
        settings = stage_settings.parse(stage, stage_file.read_config(stage_file.path_of(project, stage)))
        assert list(settings.endpoints) == ["diabetes"]
        live = settings.endpoints["diabetes"].live
        assert live is not None
        assert live.sha256 == evidence["model"]["sha256"]
        releases.add(live.release)
    assert len(releases) == 1


def test_what_was_written_for_it_is_one_small_folder(walked):
    project, _ = walked
    own = project / "model" / "services" / "diabetes"
    assert sorted(path.name for path in own.glob("*.py")) == ["__init__.py", "service.py", "test_service.py"]
    lines = sum(path.read_text().count("\n") for path in (own / "__init__.py", own / "service.py"))
    assert lines < MOST_OWN_LINES
    assert not list((ROOT / "model" / "services").glob("*/service.py"))
