"""What a user gets for a mistake: cause, consequence, next step, the right exit code, and nothing changed."""

import json
import re
import socket
import subprocess

import pytest

from release.domain import gates
from tests.end_to_end.foreign import container
from tests.end_to_end.moments import watch
from tests.end_to_end.world import SKIP, kill_group, wait_until
from tests.sandbox.images import crane

pytestmark = pytest.mark.sandbox


@pytest.fixture
def unchanged(world, releases):
    """Fails the test when a stage's file is not afterwards what it was before."""
    before = {stage: world.file(stage).read_bytes() for stage in ("dev", "staging", "prod")}
    yield
    assert {stage: world.file(stage).read_bytes() for stage in before} == before


def test_an_unknown_stage(world, unchanged):
    done = world.slipway("promote", "dev", "production", expected=2)
    assert "Use one of: dev, staging, prod" in done.stderr


def test_a_way_that_leaves_a_stage_out_or_leads_back(world, unchanged):
    assert "skip staging" in world.slipway("promote", "dev", "prod", expected=2).stderr
    assert "--reason" in world.slipway("promote", "dev", "prod", "--skip", expected=2).stderr
    assert "rollback" in world.slipway("promote", "prod", "staging", expected=2).stderr


def test_a_missing_pin(world, unchanged):
    done = world.slipway("promote", "staging", "prod", expected=2)
    assert "no live release in staging" in done.stderr
    assert "no previous release" in world.slipway("rollback", "staging", expected=2).stderr


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (r"(image: .*@sha256:)[0-9a-f]{64}", r"\g<1>" + "0" * 64),
        (r"(\n +sha256: .)[0-9a-f]{64}", r"\g<1>" + "0" * 64),
        (r"(\n +release: .)[0-9a-f]{12}", r"\g<1>" + "0" * 12),
    ],
)
def test_a_pin_that_is_not_what_was_proven(world, releases, old, new):
    path = world.file("dev")
    before = path.read_text()
    path.write_text(re.sub(old, new, before, count=1))
    says = "Pulumi.dev.yaml is not as the last rollout of delays left it"
    try:
        assert says in world.slipway("promote", "dev", "staging", expected=2).stderr
    finally:
        path.write_text(before)


def test_an_artifact_whose_bytes_changed(world, releases):
    bucket, _, key = world.endpoint("dev").live.model.removeprefix("s3://").partition("/")
    s3 = world.client("s3")
    before = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    s3.put_object(Bucket=bucket, Key=key, Body=before + b"x")
    try:
        assert "the bytes of" in world.slipway("promote", "dev", "staging", expected=2).stderr
    finally:
        s3.put_object(Bucket=bucket, Key=key, Body=before)


def test_a_broken_stage_file_is_named_with_its_line(world, releases):
    path = world.file("staging")
    before = path.read_text()
    path.write_text(before.replace("instances: {type", "instances: [type"))
    try:
        assert re.search(r"Pulumi\.staging\.yaml, line \d+", world.slipway("status", expected=2).stderr)
    finally:
        path.write_text(before)


def test_no_trained_model(world, unchanged, tmp_path):
    assert "./slipway train" in world.slipway("release", "--model", str(tmp_path), expected=2).stderr


def test_no_credentials(world, unchanged, tmp_path):
    hidden = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}
    env = {key: value for key, value in world.env.items() if key not in hidden}
    env |= {"AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none"), "AWS_CONFIG_FILE": str(tmp_path / "none")}
    assert "No AWS credentials" in world.slipway("promote", "dev", "staging", expected=2, env=env).stderr


def test_another_account(world, unchanged):
    path = world.file("staging")
    before = path.read_text()
    path.write_text(before.replace("123456789012", "210987654321"))
    try:
        done = world.slipway("promote", "dev", "staging", expected=2)
        assert "credentials are for account 123456789012" in done.stderr
    finally:
        path.write_text(before)


def test_a_sandbox_that_is_down(world, unchanged):
    env = world.env | {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}
    done = world.slipway("promote", "dev", "staging", expected=4, env=env)
    assert "AWS does not answer" in done.stderr
    assert "./slipway sandbox status" in done.stderr


@pytest.mark.parametrize(("seconds", "told"), [(3600, "behind"), (-3600, "ahead of")])
def test_a_clock_that_is_an_hour_off(world, unchanged, seconds, told):
    world.sandbox.faults("clock_skew", seconds=seconds)
    done = world.slipway("status", expected=4)
    assert re.search(rf"The clock of this machine is (59|60|61) minutes {told} AWS's", done.stderr)
    assert "Set the clock" in done.stderr


def test_an_image_that_only_the_sandbox_can_run_is_refused_elsewhere(releases, world):
    content = world.ports("dev").artifacts.manifest(releases.second)
    assert [g.name for g in gates.failed(gates.evaluate(content, [], loopback=False))] == ["runtime"]


@pytest.mark.long
def test_two_promotions_at_once_and_one_interrupted(world, releases):
    seen = watch(world, "staging")
    first = world.start("promote", "dev", "staging", "--json")
    seen.wait_for("creating", first)
    second = world.slipway("promote", "dev", "staging", expected=None)
    world.ended(first)
    assert second.code in {0, 4}, second.stderr
    world.assert_clean("staging", serves=releases.second)


def _dead_process() -> int:
    done = subprocess.Popen(["true"])
    done.wait()
    return done.pid


@pytest.mark.long
def test_a_stack_locked_by_a_dead_run_is_freed(world, releases):
    lock_folder = world.sandbox.home / "state" / ".pulumi" / "locks"
    left = lock_folder / "organization" / "slipway" / "prod" / "of-a-run-that-died-making-the-stack.json"
    left.parent.mkdir(parents=True, exist_ok=True)
    holder = {"pid": _dead_process(), "username": "ci", "hostname": socket.gethostname()}
    left.write_text(json.dumps(holder | {"timestamp": "2026-01-02T03:04:05Z"}))
    process = world.start("promote", "dev", "prod", *SKIP)
    wait_until(lambda: not left.exists(), "that lock is broken")
    wait_until(lambda: list(lock_folder.rglob("*.json")), "a lock of pulumi")
    kill_group(process)
    assert list(lock_folder.rglob("*.json")), "the dead run's lock is still there"
    done = world.slipway("promote", "dev", "prod", *SKIP)
    assert done.result["release"] == releases.second
    world.assert_clean("prod", serves=releases.second)


def test_a_container_of_somebody_else_without_the_digest_of_one_image(world, unchanged, tmp_path):
    made = container(world.sandbox, tmp_path)
    files = ("--artifact", str(made.artifact), "--evidence", str(made.evidence))
    tag = f"{made.image.partition('@')[0]}:index"
    by_tag = world.slipway("release", "--image", tag, *files, expected=2)
    assert f"crane digest {tag}" in by_tag.stderr
    digest = crane(["index", "append", "-m", made.image, "-t", tag]).rpartition("@")[2]
    several = f"{made.image.partition('@')[0]}@{digest}"
    by_index = world.slipway("release", "--image", several, *files, expected=2)
    assert f"crane digest --platform linux/amd64 {several}" in by_index.stderr
