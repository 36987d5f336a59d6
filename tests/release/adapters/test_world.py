"""A project's stages: one that cannot be reached says why, as whoever asks several stages has to be told."""

import pytest

from demo.project import make_project
from release.adapters.world import find
from release.domain.errors import SlipwayError


def test_a_stage_whose_profile_is_not_on_this_machine_is_told_of(monkeypatch, tmp_path):
    project = make_project(tmp_path / "project")
    file = project / "Pulumi.staging.yaml"
    file.write_text(file.read_text().replace("config:\n", "config:\n  slipway:profile: nowhere\n", 1))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    with pytest.raises(SlipwayError, match="nowhere"):
        find(project, print).stage("staging")
