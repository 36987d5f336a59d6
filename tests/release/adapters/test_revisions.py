"""A stage's file in another revision, by the real git."""

import subprocess

import pytest

from release.adapters.revisions import config_at
from release.domain.errors import UsageError


def git(folder, *arguments):
    who = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def project(tmp_path):
    """A project in a folder of its own inside a repository, whose first commit has one stage."""
    folder = tmp_path / "repository" / "project"
    folder.mkdir(parents=True)
    git(folder, "init", "--initial-branch", "main")
    (folder / "Pulumi.dev.yaml").write_text('config:\n  slipway:account: "123456789012"\n')
    git(folder, "add", ".")
    git(folder, "commit", "-m", "one stage")
    (folder / "Pulumi.dev.yaml").write_text('config:\n  slipway:account: "210987654321"\n')
    (folder / "Pulumi.prod.yaml").write_text("config: {}\n")
    git(folder, "add", ".")
    git(folder, "commit", "-m", "two")
    return folder


def test_the_file_is_read_as_the_revision_has_it(project):
    assert config_at(project, "main", "dev") == {"slipway:account": "210987654321"}
    assert config_at(project, "main~1", "dev") == {"slipway:account": "123456789012"}
    assert config_at(project, "main~1", "prod") is None


@pytest.mark.parametrize("revision", ["origin/main", "--output=x", ""])
def test_a_revision_that_there_is_not_is_named(project, revision):
    with pytest.raises(UsageError, match="Git knows no revision"):
        config_at(project, revision, "dev")
    assert not (project / "x").exists()


def test_a_file_that_cannot_be_read_names_its_revision(project):
    (project / "Pulumi.dev.yaml").write_text("config: [\n")
    git(project, "commit", "-am", "broken")
    with pytest.raises(UsageError, match=r"Pulumi\.dev\.yaml of main, line"):
        config_at(project, "main", "dev")
