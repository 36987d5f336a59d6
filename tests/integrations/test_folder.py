"""An export's folder: what is stale is named, what is somebody else's stays."""

import hashlib
import shutil
import subprocess
from itertools import count
from pathlib import Path

import pytest

from integrations import folder

FILES = {"a.json": "{}\n", "deep/b.yaml": "b: é\n"}


@pytest.fixture
def place(tmp_path):
    found = folder.place(tmp_path, "sagemaker-pipelines", "prod")
    folder.write(found, FILES)
    return found


def test_a_format_and_a_stage_have_a_folder_of_their_own(tmp_path):
    assert folder.place(tmp_path, "sagemaker-pipelines", "prod") == (
        tmp_path / "sagemaker_pipelines" / "stages" / "prod"
    )


def test_what_was_written_is_as_it_would_be_written_and_is_written_once(place):
    assert folder.differences(place, FILES) == ()
    assert folder.write(place, FILES) == ()


def test_every_difference_is_named(place):
    (place / "a.json").write_text("{ }\n")
    (place / "deep" / "b.yaml").unlink()
    assert folder.differences(place, FILES) == (
        f"{place / 'a.json'} is not what the pins say",
        f"{place / 'deep/b.yaml'} is missing",
    )
    assert folder.differences(place / "none", FILES) != ()


def test_another_release_is_stale_by_its_file_and_the_list(place):
    stale = folder.differences(place, FILES | {"a.json": "[]\n"})
    assert [one.partition(" ")[0].rpartition("/")[2] for one in stale] == ["a.json", folder.SUMS]


def test_what_is_exported_no_more_is_stale_and_goes(place):
    fewer = {"a.json": FILES["a.json"]}
    assert any("b.yaml is of something" in one for one in folder.differences(place, fewer))
    assert str(place / "deep/b.yaml") in folder.write(place, fewer)
    assert not (place / "deep/b.yaml").exists()
    assert folder.differences(place, fewer) == ()


@pytest.mark.parametrize("step", range(7))
def test_a_run_that_was_ended_at_any_step_is_told_and_made_up_for(place, monkeypatch, step):
    after = {"a.json": "[]\n", "new/c.yaml": "c: 1\n"}
    done = count()
    with monkeypatch.context() as patch:
        for name in ("replace", "unlink", "write_text"):
            real = getattr(Path, name)

            def ends(path, *args, real=real, **kwargs):
                if next(done) == step:
                    raise KeyboardInterrupt
                return real(path, *args, **kwargs)

            patch.setattr(Path, name, ends)
        with pytest.raises(KeyboardInterrupt):
            folder.write(place, after)
    assert folder.written(place)
    assert folder.differences(place, after) != ()
    folder.write(place, after)
    assert folder.differences(place, after) == ()
    assert not (place / "deep/b.yaml").exists()


def test_files_beside_the_export_are_somebody_elses(place):
    (place / "terraform.tfstate").write_text("state")
    assert folder.differences(place, FILES) == ()
    folder.write(place, {})
    assert (place / "terraform.tfstate").read_text() == "state"


def test_a_list_that_names_files_elsewhere_deletes_nothing_there(place):
    outside = place.parent / "outside"
    outside.write_text("kept")
    digest = hashlib.sha256(b"kept").hexdigest()
    (place / folder.SUMS).write_text(f"{digest}  ../outside\n{digest}  {outside}\n")
    folder.write(place, FILES)
    assert outside.read_text() == "kept"


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="there is no sha256sum on PATH")
def test_the_list_is_proven_without_slipway(place):
    check = ["sha256sum", "--check", "--strict", folder.SUMS]
    assert subprocess.run(check, cwd=place, capture_output=True, check=False).returncode == 0
    (place / "a.json").write_text("[]")
    assert subprocess.run(check, cwd=place, capture_output=True, check=False).returncode == 1
