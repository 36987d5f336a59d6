"""A model's life, driven by the workflow files alone: `act` runs them on this machine, the sandbox is AWS."""

import json
import subprocess
from collections.abc import Sequence
from fnmatch import fnmatch
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from demo.project import AT_ONCE, GUARDED, TIME_SCALE, change_stage
from infra.ci import settings
from infra.ci.roles import roles
from infra.ci.stage_files import project_at
from sandbox import testing
from scripts.checks.rules import lines
from scripts.checks.workflows import read
from tests.conftest import ROOT
from tests.end_to_end.noticed import note
from tests.end_to_end.permissions import Document, Needs, actions, denied
from tests.end_to_end.runner import ACCOUNT, BRANCH, REGION, Runner
from tests.end_to_end.world import World
from tests.release.test_occasions import FINDING

pytestmark = [pytest.mark.sandbox, pytest.mark.long]
QUICK = "test-unit: setup\n\t@$(BIN)/python -m pytest -q -p no:xdist tests/checks/test_run_lines.py\n"
"""In place of all unit tests, of whose tests this life is one."""
CI = {
    "aws:region": REGION,
    "slipway-ci:account": ACCOUNT,
    "slipway-ci:repository": "octo-org@4711/flights@815",
}


ELSEWHERE = {".github/workflows/ci.yml"}
"""Its lines are the suites, of which this is a part."""
JOBS = ("release/release", "staging/promote/promote", "prod/promote/promote")


def git(folder: Path, *words: str) -> str:
    """Git, as a person."""
    person = ["-c", "user.name=A person", "-c", "user.email=person@example.com"]
    done = subprocess.run(["git", *person, *words], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def pushed(checkout: Path, message: str) -> None:
    """What is changed in the checkout, on the remote."""
    git(checkout, "commit", "--quiet", "--all", "--message", message)
    git(checkout, "push", "--quiet")


def captures(checkout: Path, stage: str) -> None:
    """What the stage's endpoint is asked and answers is captured."""
    yaml, file = YAML(), checkout / f"Pulumi.{stage}.yaml"
    document = yaml.load(file)
    document["config"]["slipway:endpoints"]["delays"]["capture"] = {"percent": 100}
    yaml.dump(document, file)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory) -> Path:
    """A person's clone of a remote with this repository. Nobody calls its stages, so alarms watch them."""
    folder = tmp_path_factory.mktemp("workflows")
    remote, checkout = folder / "remote.git", folder / "checkout"
    git(folder, "init", "--quiet", "--bare", f"--initial-branch={BRANCH}", str(remote))
    git(ROOT, "push", "--quiet", str(remote), f"HEAD:refs/heads/{BRANCH}")
    git(folder, "clone", "--quiet", remote.as_uri(), str(checkout))
    change_stage(checkout, "dev", AT_ONCE)
    for stage in ("staging", "prod"):
        change_stage(checkout, stage, GUARDED)
    captures(checkout, "prod")
    makefile = checkout / "Makefile"
    head, _, rest = makefile.read_text().partition("test-unit:")
    makefile.write_text(head + QUICK + rest[rest.index("\n\n") :])
    pushed(checkout, "Stages that nobody calls are watched by alarms")
    return checkout


@pytest.fixture(scope="module")
def policies(checkout):
    """What the CI stack grants, by each role's ARN."""
    found = roles(settings.parse("main", CI), project_at(checkout))
    return {f"arn:aws:iam::{ACCOUNT}:role/{role.full_name}": [json.loads(role.policy())] for role in found}


@pytest.fixture(scope="module")
def world(checkout):
    """The checkout, and a sandbox where nothing is."""
    with testing.start(checkout.parent / "home", time_scale=TIME_SCALE) as sandbox:
        yield World(checkout, sandbox)


@pytest.fixture(scope="module")
def runner(world) -> Runner:
    """Runs the workflows of the checkout."""
    folder = world.project.parent
    return Runner(world.project, folder / "remote.git", folder, world.sandbox)


def live(world: World) -> tuple[str | None, ...]:
    """The releases that dev, staging and prod serve by their pins on the remote."""
    git(world.project, "pull", "--quiet", "--rebase")
    pins = [world.endpoint(stage).live for stage in ("dev", "staging", "prod")]
    return tuple(pin.release if pin else None for pin in pins)


def first_version(world: World, runner: Runner) -> str:
    """A push to main, and what it brings serves everywhere; its id."""
    ran = runner.run("push", "release.yml")
    assert ran.jobs == dict.fromkeys(JOBS, True), ran.text
    dev, staging, prod = live(world)
    assert dev == staging == prod
    assert dev is not None
    return dev


def second_version(world: World, runner: Runner, first: str) -> str:
    """Another image, which prod refuses until a person has said yes; its id."""
    server = world.project / "model" / "serving" / "__init__.py"
    server.write_text(server.read_text() + "# The second version.\n")
    yaml, project = YAML(), world.project / "Pulumi.yaml"
    document = yaml.load(project)
    document["stages"][-1]["approvals"] = 1
    yaml.dump(document, project)
    pushed(world.project, "A second version, and a prod that asks for one person's yes")
    ran = runner.run("push", "release.yml")
    assert ran.jobs == dict.fromkeys(JOBS, True) | {JOBS[-1]: False}, ran.text
    assert "approval: 0 of 1 approvals" in ran.text
    dev, staging, prod = live(world)
    assert dev == staging != first
    assert dev is not None
    assert prod == first
    world.slipway("approve", dev, "--stage", "prod", "--reason", "read the report of staging")
    ran = runner.run("workflow_dispatch", "promote.yml", stage="prod", release=dev)
    assert ran.jobs == {"promote/promote": True}, ran.text
    assert live(world) == (dev, dev, dev)
    return dev


def way_back(world: World, runner: Runner, first: str, second: str) -> None:
    """Rehearsed, refused where it leads elsewhere than asked for, and gone."""
    ran = runner.run("schedule", "way-back.yml")
    assert ran.jobs == {f"way-back/rehearse-{number}": True for number in (1, 2, 3)}, ran.text
    ran = runner.run("workflow_dispatch", "rollback.yml", stage="prod", release=second)
    assert ran.jobs == {"rollback/rollback": False}, ran.text
    assert f"leads to {first}, not to {second}" in ran.text
    ran = runner.run("workflow_dispatch", "rollback.yml", stage="prod", release=first)
    assert ran.jobs == {"rollback/rollback": True}, ran.text
    assert "### ✅ done: `./slipway rollback prod" in ran.text
    assert live(world) == (second, second, first)
    world.assert_at_rest("prod", first)


def looks(world: World, runner: Runner, first: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What prod answers is captured and looked at; of the others, which capture nothing, nothing is asked. A
    run is red for what is new, and the next one lists it."""
    ran = runner.run("schedule", "monitor.yml")
    assert list(ran.jobs.values()) == [True, True, True], ran.text
    assert "delays in dev was not looked at: it captures nothing" in ran.text
    assert "open findings in prod: 0, told of now: 0" in ran.text
    note(world, "prod", first, monkeypatch)
    ran = runner.run("workflow_dispatch", "monitor.yml")
    assert sorted(ran.jobs.values()) == [False, True, True], ran.text
    assert "open findings in prod: 1, told of now: 1" in ran.text
    ran = runner.run("schedule", "monitor.yml")
    assert list(ran.jobs.values()) == [True, True, True], ran.text
    assert "open findings in prod: 1, told of now: 0" in ran.text


def proposal(world: World, runner: Runner, second: str) -> None:
    """What was left by a rollback is cleared, proposed, merged, and brought by the workflow of its stage."""
    world.clear(second)
    told = world.slipway("promote", "prod", "--propose", "--reason", "the fault was elsewhere").result
    git(world.project, "merge", "--quiet", "--ff-only", told["branch"])
    git(world.project, "push", "--quiet")
    ran = runner.run("push", "merged-prod.yml")
    assert set(ran.jobs.values()) == {True}, ran.text
    assert live(world) == (second, second, second)


def preview(world: World, runner: Runner) -> None:
    """A pull request of the repository is planned; one of a fork is not, as it has no role."""
    pins = git(world.project, "rev-parse", "HEAD")
    ran = runner.run("pull_request", "preview.yml", head="octo-org/flights")
    assert ran.jobs == {"preview/plan": True}, ran.text
    assert "./slipway plan --base" in ran.text
    ran = runner.run("pull_request", "preview.yml", head="somebody/flights")
    assert ran.jobs == {}
    assert git(world.project, "rev-parse", "HEAD") == pins


def retraining(world: World, runner: Runner, second: str) -> None:
    """All months of the year make no better model than the live one: it ends with its numbers."""
    ran = runner.run("workflow_dispatch", "retrain.yml", stage="prod")
    assert ran.jobs == {"retrain/retrain": False}, ran.text
    assert "❌ the release failed" in ran.text, ran.text
    ran = runner.run("repository_dispatch", "retrain.yml", payload=json.dumps(FINDING))
    assert ran.jobs == {"retrain/retrain": False}, ran.text
    assert "slipway:retrain.on of prod names none" in ran.text, ran.text
    assert live(world) == (second, second, second)


def beside(arn: str, needs: Needs, documents: Sequence[Document]) -> str:
    """What the jobs of a role called, beside what its policies allow, as Markdown."""
    rows = [f"| `{action}` | {', '.join(f'`{one}`' for one in on)} |" for action, on in needs.items()]
    allowed = {action for document in documents for action in actions(document)}
    spare = sorted(one for one in allowed if not any(fnmatch(each, one) for each in needs))
    more = f"Allowed too, and not called here: {', '.join(f'`{one}`' for one in spare) or 'nothing'}"
    return "\n".join([f"## {arn}", "", "| called | on |", "|---|---|", *rows, "", more])


def test_from_a_push_to_prod_and_back(world, runner, policies, monkeypatch):
    first = first_version(world, runner)
    second = second_version(world, runner, first)
    way_back(world, runner, first, second)
    looks(world, runner, first, monkeypatch)
    proposal(world, runner, second)
    preview(world, runner)
    retraining(world, runner, second)

    written = {line for name, one in read(ROOT).items() if name not in ELSEWHERE for _, line in lines(one)}
    assert written - set(runner.lines) == set()

    kept = ROOT / ".build" / "workflows" / "calls.md"
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_text("\n\n".join(beside(arn, runner.needed[arn], policies[arn]) for arn in runner.needed))
    assert [one for arn, needs in runner.needed.items() for one in denied(policies[arn], {arn: needs})] == []
    names = {arn.rpartition("slipway-ci-")[2] for arn in runner.needed}
    assert names == {
        *("release", "promote-staging", "promote-prod", "rollback-prod", "read-only", "retrain", "monitor")
    }
