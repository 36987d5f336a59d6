"""DVC's settings and its environment; what it does with them is in tests/end_to_end/test_dvc.py."""

from configparser import ConfigParser

from release.adapters import stage_file
from release.domain import names, stage, stages
from scripts.setup import data_tools
from tests.conftest import ROOT


def test_the_remote_is_the_first_stages_bucket_and_pulls_are_verified():
    config = ConfigParser()
    config.read(ROOT / ".dvc" / "config")
    first = stages.parse(stage_file.read_project(ROOT), stage_file.stages_in(ROOT)).names[0]
    settings = stage.parse(first, stage_file.read_config(stage_file.path_of(ROOT, first)))
    bucket = names.bucket(first, settings.account, settings.region)
    remote = dict(config[f"'remote \"{config['core']['remote']}\"'"])
    assert remote == {"url": f"s3://{bucket}/{names.DATA}", "verify": "true"}


def test_dvc_tells_its_makers_nothing_and_looks_for_no_update():
    config = ConfigParser()
    config.read(ROOT / ".dvc" / "config")
    assert (config["core"]["analytics"], config["core"]["check_update"]) == ("false", "false")


def test_an_installation_that_fails_says_what_to_do_and_is_tried_again(tmp_path, monkeypatch, capsys):
    uv = tmp_path / ".tools" / "bin" / "uv"
    uv.parent.mkdir(parents=True)
    uv.write_text("#!/bin/sh\nexit 1\n")
    uv.chmod(0o755)
    monkeypatch.setattr(data_tools, "ROOT", tmp_path)
    assert data_tools.main() == 4
    assert "make data-tools" in capsys.readouterr().err
    assert not uv.with_name("dvc").exists()
    uv.write_text('#!/bin/sh\n[ "$1" = pip ] || mkdir -p "$(dirname "$0")/../dvc/bin"\n')
    assert data_tools.main() == 0
    assert uv.with_name("dvc").exists()
    uv.write_text("#!/bin/sh\nexit 1\n")
    assert data_tools.main() == 0, "it is made already"
