"""The state that a killed engine left empty: its backup comes back, and nothing else is touched."""

from pathlib import Path

import pytest

from release.adapters.checkpoints import restore


@pytest.fixture
def state(tmp_path: Path) -> Path:
    folder = tmp_path / ".pulumi" / "stacks" / "slipway"
    folder.mkdir(parents=True)
    (folder / "prod.json.bak").write_text("before")
    (folder / "prod.json").write_text("")
    return folder / "prod.json"


def test_an_empty_state_is_replaced_by_its_backup(state, tmp_path):
    assert restore("prod", f"file://{tmp_path}")
    assert state.read_text() == "before"
    assert sorted(path.name for path in state.parent.iterdir()) == ["prod.json", "prod.json.bak"]


def test_a_state_that_holds_something_stays(state, tmp_path):
    state.write_text("now")
    assert not restore("prod", f"file://{tmp_path}")
    assert state.read_text() == "now"


def test_without_a_backup_or_on_another_backend_nothing_is_done(state, tmp_path):
    assert not restore("prod", "s3://bucket")
    assert not restore("dev", f"file://{tmp_path}")
    state.with_name("prod.json.bak").write_text("")
    assert not restore("prod", f"file://{tmp_path}")
    assert state.read_text() == ""
