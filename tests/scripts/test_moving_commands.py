"""The commands that move releases, over fakes: arguments in, words, JSON and exit codes out."""

import gzip
import hashlib
import importlib
import json

import pytest

from release.domain.errors import UsageError
from release.domain.pins import EndpointSettings
from scripts.shared import outputs
from scripts.shared.cli import execute
from tests.release.scenes import config_of, pins_now, sure
from tests.release.test_foreign import DIGEST, said
from tests.sandbox.images import tar


class TestRelease:
    @pytest.mark.parametrize(
        ("given", "words"),
        [
            (["--image", "a"], "needs --artifact and --evidence too"),
            (["--artifact", "a", "--evidence", "b"], "needs --image too"),
            (["--image", "a", "--artifact", "b", "--evidence", "c", "--model", "d"], "--model is of our own"),
        ],
    )
    def test_a_container_of_others_is_given_whole_and_alone(self, slipway, given, words):
        code, out, err = slipway("release", *given)
        assert (code, out) == (2, "")
        assert words in err
        assert "docs/foreign.md" in err

    def test_its_image_artifact_and_evidence_go_to_the_release(self, slipway, dev, tmp_path):
        artifact, evidence = tmp_path / "model.tar.gz", tmp_path / "evidence.json"
        artifact.write_bytes(gzip.compress(tar({"weights.json": b"[]"}), mtime=0))
        sha256 = hashlib.sha256(artifact.read_bytes()).hexdigest()
        evidence.write_text(json.dumps(said(artifact_sha256=sha256)))
        image = f"registry.example/churn@{DIGEST}"
        code, _, err = slipway(
            "release", "--image", image, "--artifact", str(artifact), "--evidence", str(evidence)
        )
        assert (code, sure(pins_now(dev).live).digest) == (0, DIGEST)
        assert f"looking for the image {image}" in err


class TestPromote:
    @pytest.mark.parametrize("stages", [["prod"], ["dev", "prod"]])
    def test_one_stage_or_two(self, slipway, dev, prod, stages):
        code, out, err = slipway("promote", *stages)
        release = sure(pins_now(dev).live).release
        assert (code, sure(pins_now(prod).live).release) == (0, release)
        assert out == f"✓ {release} is live in prod: config, weights, digest and answers verified\n"
        assert f"▸ pinning {release} in Pulumi.prod.yaml as the candidate" in err

    def test_three_are_too_many(self, slipway):
        code, _, err = slipway("promote", "dev", "prod", "prod")
        assert code == 2
        assert "takes one stage or two" in err

    def test_again_it_says_that_it_was_live(self, slipway):
        slipway("promote", "prod")
        code, out, _ = slipway("promote", "prod")
        assert code == 0
        assert "was live already in prod" in out

    def test_as_json(self, slipway, dev):
        _, out, _ = slipway("promote", "prod", "--json")
        assert json.loads(out) == {
            "stage": "prod",
            "endpoint": "delays",
            "release": sure(pins_now(dev).live).release,
            "changed": True,
        }

    def test_the_named_release_comes_and_another_one_is_exit_2(self, slipway, dev, prod):
        live, before = sure(pins_now(dev).live).release, pins_now(prod)
        code, _, err = slipway("promote", "prod", "--release", "0" * 12)
        assert (code, pins_now(prod)) == (2, before)
        assert f"dev serves {live} now, and 000000000000 is to be promoted from there" in err
        assert f"./slipway promote prod --release {live}" in err
        assert slipway("promote", "prod", "--release", live)[0] == 0

    @pytest.mark.parametrize("word", ["", "Live", "7f9ae170c5b", "7f9ae170c5b5\n"])
    def test_what_names_no_release_lets_none_in(self, slipway, prod, word):
        before = pins_now(prod)
        code, _, err = slipway("promote", "prod", "--release", word)
        assert (code, pins_now(prod)) == (2, before)
        assert "is no release: an id is 12 hexadecimal digits" in err

    def test_live_is_whichever_is_live_where_it_comes_from(self, slipway, dev, prod):
        assert slipway("promote", "prod", "--release", "live")[0] == 0
        assert sure(pins_now(prod).live).release == sure(pins_now(dev).live).release

    def test_what_is_merged_names_its_release_itself(self, slipway):
        code, _, err = slipway("promote", "prod", "--merged", "--release", "0" * 12)
        assert code == 2
        assert "--merged takes the stage and --endpoint alone" in err

    def test_later_jobs_are_told_the_release_that_came(self, slipway, dev, tmp_path, monkeypatch):
        monkeypatch.setenv(outputs.VARIABLE, str(tmp_path / "output"))
        slipway("promote", "prod")
        assert (tmp_path / "output").read_text() == f"release={sure(pins_now(dev).live).release}\n"

    def test_a_release_that_is_taken_back_is_exit_1(self, slipway, prod):
        prod.sagemaker.never.add(config_of(prod.pin(2)).name)
        code, out, err = slipway("promote", "prod")
        assert (code, out) == (1, "")
        assert "error: Release" in err

    def test_another_rollout_under_way_is_exit_4_and_a_dead_one_3(self, slipway, prod):
        stopped = prod.stack
        stopped.refusal = OSError("killed")
        assert slipway("promote", "prod")[0] == 4
        stopped.refusal = None
        assert slipway("apply", "prod")[0] == 3
        prod.ledger.living = {prod.ledger.owner.pid}
        assert slipway("promote", "prod")[0] == 4


class TestRollback:
    def test_what_serves_again_and_how_long_it_took(self, slipway, prod):
        release = sure(pins_now(prod).previous).release
        code, out, _ = slipway("rollback", "prod")
        assert code == 0
        assert out.startswith(f"✓ {release} serves prod again, pin and stack agree (")

    def test_as_json(self, slipway, prod):
        release = sure(pins_now(prod).previous).release
        _, out, _ = slipway("rollback", "prod", "--endpoint", "delays", "--json")
        found = json.loads(out)
        assert (found["release"], found["stage"]) == (release, "prod")
        assert found["seconds"] >= 0

    def test_a_dry_run_says_what_could_serve_and_moves_nothing(self, slipway, prod):
        before = pins_now(prod)
        release = sure(before.previous).release
        code, out, _ = slipway("rollback", "prod", "--dry-run", "--to", release)
        assert (code, pins_now(prod)) == (0, before)
        assert out == f"✓ {release} could serve prod again: all that it needs is there\n"

    def test_a_dry_run_from_a_first_release_says_that_there_is_nothing_yet(self, slipway, prod):
        prod.file.endpoints["delays"] = EndpointSettings()
        prod.sagemaker.endpoints.clear()
        slipway("promote", "prod")
        first = sure(pins_now(prod).live).release
        code, out, _ = slipway("rollback", "prod", "--dry-run")
        assert code == 0
        assert out == f"✓ prod has no previous release yet, so there is nothing to go back to from {first}\n"
        assert slipway("rollback", "prod")[0] == 2

    def test_another_release_than_the_way_back_leads_to_is_exit_2(self, slipway, prod):
        before = pins_now(prod)
        code, _, err = slipway("rollback", "prod", "--to", "abc")
        assert (code, pins_now(prod)) == (2, before)
        assert "not to abc" in err


@pytest.mark.parametrize("more", [(), ("--no-commit",)])
@pytest.mark.parametrize("verb", ["release", "promote", "rollback", "apply", "sync", "unlock"])
def test_what_changes_a_stage_file_can_leave_it_to_be_committed_by_hand(monkeypatch, capsys, verb, more):
    asked: list[bool] = []

    def connect(tell, commits):
        asked.append(commits)
        raise UsageError("that is all")

    module = importlib.import_module(f"scripts.{verb}")
    monkeypatch.setattr(module, "connect", connect)
    assert execute(module.COMMAND, [*([] if verb == "release" else ["prod"]), *more]) == 2
    assert "that is all" in capsys.readouterr().err
    assert asked == [not more]


class TestProposal:
    def test_its_text_is_in_a_file_and_the_next_commands_are_said(self, slipway, dev, prod, tmp_path):
        prod.repository.track()
        release, file = sure(pins_now(dev).live).release, tmp_path / "texts/body.md"
        code, out, _ = slipway("promote", "prod", "--propose", "--body", str(file), "--reason", "it's better")
        branch = f"slipway/promote-prod-delays-{release}"
        assert code == 0
        assert file.read_text().startswith(f"## prod: promote delays to {release}")
        assert f"git push -u origin {branch}\n" in out
        assert f"gh pr create --head {branch} --title 'prod: promote delays to {release} (was " in out
        assert prod.repository.branches[branch][1].body[0] == "Reason: it's better"
        assert prod.sagemaker.updates == []

    def test_as_json_it_is_all_that_a_pull_request_needs(self, slipway, prod, tmp_path):
        file = tmp_path / "body.md"
        found = json.loads(slipway("promote", "prod", "--propose", "--body", str(file), "--json")[1])
        assert found["file"] == str(file)
        assert found["commit"] is None
        assert {"title", "branch", "body", "diff", "release", "replaces"} <= found.keys()

    def test_where_nothing_is_proposed_nothing_is_done(self, slipway, prod):
        assert slipway("promote", "prod", "--merged")[:2] == (0, "✓ nothing is proposed in prod\n")
        assert json.loads(slipway("promote", "prod", "--merged", "--json")[1]) == {"landed": []}
        assert prod.sagemaker.updates == []

    @pytest.mark.parametrize(
        "more", [["--propose"], ["--reason", "why"], ["--skip"], ["--strategy", "canary"], ["--body", "file"]]
    )
    def test_what_was_merged_is_not_told_otherwise(self, slipway, prod, more):
        code, _, err = slipway("promote", "prod", "--merged", *more)
        assert code == 2
        assert "./slipway promote prod --merged" in err


class TestFence:
    def test_marked_listed_and_cleared_again(self, slipway, dev, prod):
        release = sure(pins_now(dev).live).release
        assert slipway("fence")[:2] == (0, "no release is fenced\n")
        code, out, _ = slipway("fence", "add", release, "--reason", "it [drifts]")
        assert (code, out) == (0, f"✓ {release} is fenced in dev, prod: no stage accepts it\n")
        assert slipway("promote", "prod")[0] == 1
        assert "it [drifts]" in slipway("fence")[1]
        assert slipway("fence", "clear", release, "--reason", "it does not")[0] == 0
        assert release not in slipway("fence")[1]
        assert "by ci@here: it does not" in slipway("fence", "list", "--all")[1]
        assert slipway("promote", "prod")[0] == 0

    def test_as_json(self, slipway, dev, prod):
        release = sure(pins_now(dev).live).release
        slipway("fence", "add", release, "--reason", "it drifts")
        found = json.loads(slipway("fence", "--json")[1])
        assert [(kept["stage"], kept["release"], kept["cleared"]) for kept in found["fences"]] == [
            ("dev", release, None),
            ("prod", release, None),
        ]
        assert found["unread"] == []

    @pytest.mark.parametrize(
        "arguments", [("add",), ("clear",), ("list", "3f2a9c01d4e7"), ("add", "3f2a9c01d4e7"), ("add", "x")]
    )
    def test_what_is_missing_or_too_much_is_exit_2(self, slipway, arguments):
        assert slipway("fence", *arguments)[0] == 2


class TestCleanup:
    def test_listed_first_and_deleted_when_asked_for(self, slipway, prod):
        left = prod.pin(7)
        code, out, _ = slipway("cleanup", "prod")
        assert code == 0
        assert left.digest in out
        assert out.splitlines()[-1] == "✓ prod: 3 may go, by --delete; 10 are needed and stay"
        assert prod.registry.has(left.digest)
        _, out, err = slipway("cleanup", "prod", "--delete", "--stays")
        assert "pinned: live of delays" in out
        assert out.splitlines()[-1] == "✓ prod: 3 of 3 deleted; 10 are needed and stay"
        assert f"▸ deleting the image {left.digest}" in err
        assert not prod.registry.has(left.digest)

    def test_as_json(self, slipway, prod):
        left = prod.pin(7)
        found = json.loads(slipway("cleanup", "prod", "--delete", "--json")[1])
        assert [thing["kind"] for thing in found["deleted"]] == ["release", "artifact", "image"]
        assert found["deleted"][0] == {
            "kind": "release",
            "name": left.release,
            "made": "2020-01-01T00:00:00+00:00",
        }
        assert {thing["why"] for thing in found["stays"]} == {
            "pinned: live of delays",
            "pinned: previous of delays",
        }


def test_apply_says_that_there_is_nothing_to_do(slipway):
    code, out, err = slipway("apply", "prod")
    assert code == 0
    assert "was live already in prod" in out
    assert "runs on ml.m7i.large already" in err


def test_a_project_is_made_in_an_empty_folder_only(tmp_path, capsys):
    from scripts.project import COMMAND

    assert execute(COMMAND, [str(tmp_path / "trial"), "--json"]) == 0
    folder = json.loads(capsys.readouterr().out)["project"]
    assert folder == str(tmp_path / "trial")
    assert (tmp_path / "trial" / "Pulumi.yaml").exists()
    assert execute(COMMAND, [folder]) == 2
    assert "is not empty" in capsys.readouterr().err
