"""The workflows are right and safe, and each fault that is put in is named."""

import re
import shutil
from pathlib import Path

import pytest

from release.adapters import stage_file
from release.domain import stages
from scripts.checks.rules import faults, lines
from scripts.checks.workflows import problems, read
from tests.conftest import ROOT

WORKFLOWS = read(ROOT)


@pytest.fixture
def checkout(tmp_path) -> Path:
    """A folder with the repository's workflows."""
    shutil.copytree(ROOT / ".github", tmp_path / ".github")
    return tmp_path


def plant(checkout: Path, workflow: str, old: str, new: str) -> list[str]:
    """What is found once `old` of a workflow is `new`, at its first place."""
    path = checkout / ".github" / "workflows" / workflow
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    return problems(checkout)


def test_nothing_is_wrong_with_the_workflows():
    assert problems(ROOT) == []


STEP = "      - run: make test-long\n"
BESIDE = """        env:
          AWS_SECRET_ACCESS_KEY: ${{ secrets.AWS_SECRET_ACCESS_KEY }}
"""
WITH_KEYS = """        with:
          aws-access-key-id: ${{ secrets.KEY }}
"""


@pytest.mark.parametrize(
    ("workflow", "old", "new", "named"),
    [
        (
            "ci.yml",
            STEP,
            '      - run: echo "${{ github.event.pull_request.title }}"\n',
            "template-injection",
        ),
        ("ci.yml", STEP, '      - run: make test-long ARGS="${{ matrix.args }}"\n', "a value comes by env"),
        ("ci.yml", "@11bd71901bbe5b1630ceea73d27597364c9af683", "@v4", "unpinned-uses"),
        ("ci.yml", "permissions:\n  contents: read\n", "permissions: write-all\n", "excessive-permissions"),
        ("ci.yml", "permissions:\n  contents: read\n", "permissions: write-all\n", "granted to every job"),
        ("ci.yml", "permissions:\n  contents: read\n", "", "excessive-permissions"),
        (
            "release.yml",
            "      contents: write #",
            "      packages: write #",
            "packages: write is granted to no",
        ),
        ("release.yml", "      id-token: write # its role\n", "", "id-token belongs to"),
        (
            "ci.yml",
            "    timeout-minutes: 120\n",
            "    permissions: {id-token: write}\n",
            "id-token belongs to",
        ),
        ("ci.yml", STEP, STEP + BESIDE, "AWS_SECRET_ACCESS_KEY is a static key"),
        (
            "promote.yml",
            "        with:\n          role-to",
            WITH_KEYS + "          role-to",
            "aws-access-key-id is",
        ),
        ("ci.yml", STEP, "      - run: echo AKIAIOSFODNN7EXAMPLE\n", "AKIAIOSFODNN7EXAMPLE is a static key"),
        ("ci.yml", "  pull_request:", "  pull_request_target:", "dangerous-triggers"),
        ("promote.yml", "cancel-in-progress: false", "cancel-in-progress: true", "cancels nothing"),
        ("promote.yml", "    environment: ${{ inputs.stage }}\n", "", "has an environment"),
        ("ci.yml", "persist-credentials: false", "fetch-depth: 0", "artipacked"),
        ("release.yml", "    needs: release\n", "    needs: releases\n", '"releases"'),
        ("release.yml", "runs-on: ubuntu-24.04", "runs-on: ubuntu-24.4", "ubuntu-24.4"),
    ],
)
def test_a_planted_fault_is_named(checkout, workflow, old, new, named):
    assert named in "\n".join(plant(checkout, workflow, old, new))


def test_a_workflow_of_another_ending_is_looked_at_too(checkout):
    path = checkout / ".github" / "workflows" / "ci.yml"
    path.rename(path.with_suffix(".yaml"))
    assert plant(checkout, "ci.yaml", "  contents: read\n", "  contents: write\n")


def test_a_key_is_found_wherever_it_hides():
    hidden = {"on": {"push": None}, "permissions": {}, "env": [{"a": {"AWS_ACCESS_KEY_ID": "x"}}], "jobs": {}}
    assert len(faults(hidden)) == 1


def pins() -> set[tuple[str, str]]:
    """Every action of others with its commit and the version that is said beside it."""
    texts = "\n".join((ROOT / name).read_text() for name in WORKFLOWS)
    return set(re.findall(r"uses: ([\w/-]+)@(\S+ # v[\d.]+)$", texts, re.MULTILINE))


def test_an_action_has_one_commit_and_says_its_version():
    texts = "\n".join((ROOT / name).read_text() for name in WORKFLOWS)
    others = re.findall(r"uses: (?!\./)(\S+)@", texts)
    assert {name for name, _ in pins()} == set(others)
    assert len(pins()) == len(set(others))


def options(name: str) -> tuple[str, ...]:
    """The stages that a workflow's button offers."""
    return tuple(
        WORKFLOWS[f".github/workflows/{name}.yml"]["on"]["workflow_dispatch"]["inputs"]["stage"]["options"]
    )


def test_every_stage_of_the_project_has_its_place_in_the_workflows():
    listed = stages.parse(stage_file.read_project(ROOT), stage_file.stages_in(ROOT)).names
    first, *later = listed
    release, way_back, monitor = (
        WORKFLOWS[f".github/workflows/{name}.yml"]["jobs"] for name in ("release", "way-back", "monitor")
    )
    assert release["release"]["environment"] == first
    assert [job["with"]["stage"] for job in release.values() if "uses" in job] == later
    for job in (way_back["rehearse"], monitor["look"]):
        assert tuple(job["strategy"]["matrix"]["stage"]) == listed
    assert options("rollback") == listed
    assert list(options("promote")) == later
    for stage in later:
        merged = WORKFLOWS[f".github/workflows/merged-{stage}.yml"]
        assert merged["on"]["push"]["paths"] == [f"Pulumi.{stage}.yaml"]
        assert [job["with"]["stage"] for job in merged["jobs"].values()] == [stage]


def test_a_run_promotes_the_release_that_it_made_and_no_other():
    jobs = WORKFLOWS[".github/workflows/release.yml"]["jobs"]
    [made] = [step for step in jobs["release"]["steps"] if step.get("run") == "./slipway release"]
    assert jobs["release"]["outputs"] == {"release": f"${{{{ steps.{made['id']}.outputs.release }}}}"}
    for job in jobs.values():
        if "uses" in job:
            assert job["with"]["release"] == "${{ needs.release.outputs.release }}"
            assert "release" in job["needs"]
    called = WORKFLOWS[".github/workflows/promote.yml"]
    assert called["on"]["workflow_call"]["inputs"]["release"]["required"]
    assert next(line for _, line in lines(called)) == './slipway promote "$STAGE" --release "$RELEASE"'


def test_what_is_released_is_the_checkout_that_was_tested_before_the_role_was_assumed():
    job = WORKFLOWS[".github/workflows/release.yml"]["jobs"]["release"]
    done = [step.get("run") or step["uses"].partition("@")[0] for step in job["steps"]]
    role = done.index("aws-actions/configure-aws-credentials")
    assert done[:role] == ["actions/checkout", "./.github/actions/setup", "make lint", "make test-unit"]
    assert "./slipway release" in done[role:]
    assert not any("continue-on-error" in step for step in job["steps"])
