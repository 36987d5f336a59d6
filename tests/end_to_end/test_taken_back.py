"""Releases that must not stay: the stage comes back by itself, and says why.

Promise 2's part that needs no judge: a release whose landing cannot be proven does not stay.
"""

import hashlib
import io
import json
import tarfile

import pytest

from release.names import canonical_json

pytestmark = pytest.mark.sandbox


@pytest.fixture(scope="module")
def damaged(trained, tmp_path_factory):
    """A trained model whose graph lost its last byte after its checksums were written."""
    folder = tmp_path_factory.mktemp("damaged")
    source = trained["boosting"]
    with tarfile.open(source / "model.tar.gz") as old, tarfile.open(folder / "model.tar.gz", "w:gz") as new:
        for member in old:
            content = old.extractfile(member).read()
            if member.name.endswith("model.onnx"):
                content = content[:-1]
                member.size = len(content)
            new.addfile(member, io.BytesIO(content))
    data = (folder / "model.tar.gz").read_bytes()
    evidence = json.loads((source / "evidence.json").read_text())
    evidence["model"] = {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}
    (folder / "evidence.json").write_bytes(canonical_json(evidence))
    (folder / "golden.json").write_bytes((source / "golden.json").read_bytes())
    return folder


def last_reason(world, stage):
    entries = world.target(stage).ledger.entries()
    assert entries[-1].event == "reverted"
    return entries[-1].data["reason"]


def test_a_first_release_that_cannot_start_leaves_no_endpoint(world, damaged):
    done = world.slipway("release", "--model", str(damaged), expected=1)
    assert "did not pass the ping health check" in done.result["error"]
    assert "ping health check" in last_reason(world, "dev")
    world.assert_clean("dev", serves=None)
    assert world.sandbox.client("sagemaker").list_endpoints()["Endpoints"] == []


def test_a_later_release_that_cannot_start_leaves_the_old_one_serving(world, releases, damaged):
    done = world.slipway("release", "--model", str(damaged), expected=1)
    assert "the endpoint config is" in done.result["error"]
    world.assert_clean("dev", serves=releases.second)
    assert "the endpoint config is" in last_reason(world, "dev")


def test_a_silent_rollback_of_the_service_is_a_failed_release(world, releases, trained):
    world.sandbox.faults("silent_rollback", endpoint="delays-dev", reason="")
    done = world.slipway("release", "--model", str(trained["logistic"]), expected=1)
    assert releases.first in done.result["error"]
    world.assert_clean("dev", serves=releases.second)
    world.slipway("release", "--model", str(trained["logistic"]))
    world.assert_clean("dev", serves=releases.first)


def test_wrong_answers_take_a_release_back(world, releases, trained, tmp_path):
    source = trained["boosting"]
    golden = json.loads((source / "golden.json").read_text())
    golden["requests"][0]["scores"][0] += 0.01
    data = canonical_json(golden)
    evidence = json.loads((source / "evidence.json").read_text())
    evidence["golden_sha256"] = hashlib.sha256(data).hexdigest()
    (tmp_path / "golden.json").write_bytes(data)
    (tmp_path / "evidence.json").write_bytes(canonical_json(evidence))
    (tmp_path / "model.tar.gz").write_bytes((source / "model.tar.gz").read_bytes())
    done = world.slipway("release", "--model", str(tmp_path), expected=1)
    assert "golden request 1" in done.result["error"]
    world.assert_clean("dev", serves=releases.first)


def test_a_gate_refuses_before_anything_changes(world, releases, trained, tmp_path):
    source = trained["boosting"]
    evidence = json.loads((source / "evidence.json").read_text())
    evidence["gates"] = [gate for gate in evidence["gates"] if gate["name"] != "auc"]
    for name in ("golden.json", "model.tar.gz"):
        (tmp_path / name).write_bytes((source / name).read_bytes())
    (tmp_path / "evidence.json").write_bytes(canonical_json(evidence))
    before = world.file("dev").read_bytes()
    done = world.slipway("release", "--model", str(tmp_path), expected=1)
    assert "auc: required by the stage" in done.result["error"]
    assert world.file("dev").read_bytes() == before
    assert world.events("dev")[-1] == "refused"


def test_aws_failing_on_the_way_is_not_a_failed_release(world, releases, trained):
    world.sandbox.faults(
        "fail_aws",
        service="sagemaker",
        action="CreateModel",
        code="AccessDeniedException",
        status=400,
        count=20,
    )
    done = world.slipway("release", "--model", str(trained["boosting"]), expected=4)
    assert "AccessDenied" in done.result["error"]
    world.sandbox.clear_faults()
    world.slipway("release", "--model", str(trained["boosting"]))
    world.assert_clean("dev", serves=releases.second)
