"""The commands that move and show releases, over fakes: arguments in, words, JSON and exit codes out."""

import gzip
import hashlib
import importlib
import json

import pytest

from release.domain.diagnosis.symptoms import LogStream
from release.domain.errors import ServiceError
from release.domain.planned import Change, Deed
from scripts.shared.cli import execute
from tests.fakes.world import FakeWorld
from tests.release.scenes import NAME, config_of, pins_now, serving, sure
from tests.release.test_foreign import DIGEST, said
from tests.sandbox.images import tar


@pytest.fixture
def dev():
    return serving(2, 0, stage="dev")


@pytest.fixture
def prod():
    return serving(0, 1)


@pytest.fixture
def slipway(monkeypatch, capsys, dev, prod):
    """Runs one command in the world of dev and prod; returns exit code, stdout and stderr."""
    world = FakeWorld(dev, prod)

    def run(verb, *arguments):
        module = importlib.import_module(f"scripts.{verb}")
        monkeypatch.setattr(module, "connect", lambda tell: world)
        code = execute(module.COMMAND, list(arguments))
        return code, *capsys.readouterr()

    return run


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

    def test_another_release_than_the_way_back_leads_to_is_exit_2(self, slipway, prod):
        before = pins_now(prod)
        code, _, err = slipway("rollback", "prod", "--to", "abc")
        assert (code, pins_now(prod)) == (2, before)
        assert "not to abc" in err


class TestStatus:
    def test_agreement_is_exit_0(self, slipway, dev, prod):
        code, out, _ = slipway("status")
        assert code == 0
        assert "every stage serves what its pin says" in out
        for stage in (dev, prod):
            assert sure(pins_now(stage).live).release in out

    def test_disagreement_is_exit_1_and_red_on_white(self, slipway, prod):
        prod.sagemaker.endpoints[NAME].config = config_of(pins_now(prod).previous)
        code, out, _ = slipway("status", "prod")
        assert code == 1
        assert "✗ the endpoint config is" in out

    def test_as_json(self, slipway):
        _, out, _ = slipway("status", "dev", "--json")
        found = json.loads(out)
        assert found["agree"] is True
        assert [line["stage"] for line in found["stages"]] == ["dev"]

    def test_an_unknown_stage_is_exit_2(self, slipway):
        assert slipway("status", "qa")[0] == 2


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


class TestHistory:
    def test_the_last_entries_with_who_and_why(self, slipway, prod):
        prod.sagemaker.unanswered = 3
        slipway("promote", "prod")
        code, out, _ = slipway("history", "prod", "--entries")
        assert code == 0
        words = [line.split() for line in out.splitlines()[1:]]
        assert [line[0] for line in words] == [str(number) for number in range(1, 8)]
        assert "ci@here" in words[0]
        assert words[-1][-1] == "throttled"

    def test_each_rollout_is_a_line_with_its_grounds_and_its_end(self, slipway, dev, prod):
        bad, good = (sure(pin).release for pin in (pins_now(dev).live, pins_now(prod).live))
        slipway("promote", "prod")
        slipway("rollback", "prod")
        slipway("promote", "prod")
        code, out, _ = slipway("history")
        assert code == 0
        lines = [" ".join(line.split()) for line in out.splitlines()[1:]]
        at, none = "2026-01-01 00:00:", "no gate in its evidence"
        assert [line[:17] for line in lines[:3]] == [at] * 3
        assert [line[20:] for line in lines[:3]] == [
            f"prod promote {bad} delays {good} ci@here landed {none}",
            f"prod rollback {good} delays {bad} ci@here landed {none}",
            f"prod promote {bad} delays - ci@here refused {none}",
        ]
        assert lines[3].startswith("fence: fenced in prod on")
        assert len(lines) == 4

    def test_rollouts_as_json(self, slipway, dev, prod):
        release = sure(pins_now(dev).live).release
        slipway("promote", "prod")
        [found] = json.loads(slipway("history", "prod", "--json")[1])["rollouts"]
        assert (found["release"], found["end"], found["stage"]) == (release, "landed", "prod")
        assert (found["approvals"], found["waivers"], found["skip"]) == ([], [], None)
        assert (found["gates"], found["ended"] is None) == ([], False)

    @pytest.mark.parametrize(
        ("asked", "numbers"), [((), [1, 2, 3, 4, 5]), (("-n", "2"), [4, 5]), (("-n", "0"), [5])]
    )
    def test_as_many_as_asked_for(self, slipway, asked, numbers):
        slipway("rollback", "prod")
        _, out, _ = slipway("history", "prod", "--json", *asked)
        found = json.loads(out)
        assert [entry["number"] for entry in found["entries"]] == numbers
        assert found["broken"] is None

    def test_a_changed_past_is_exit_1(self, slipway, prod):
        slipway("rollback", "prod")
        del prod.ledger.stored[1]
        code, out, _ = slipway("history", "prod", "--all")
        assert code == 1
        assert "the ledger was changed: prod: entry 2 is missing" in out


class TestPlan:
    def test_nothing_to_do_and_what_a_pin_would_lose(self, slipway, prod):
        code, out, _ = slipway("plan")
        assert (code, out.splitlines()) == (
            0,
            ["dev: nothing changes", "prod: nothing changes", "✓ Nothing would change"],
        )
        prod.stack.previewed = [
            Change(Deed.DELETE, "aws:sagemaker/endpoint:Endpoint", NAME),
            Change(Deed.CHANGE, "aws:sns/topic:Topic", "alerts", ("tags",)),
        ]
        code, out, _ = slipway("plan", "prod")
        live = sure(pins_now(prod).live).release
        assert code == 1
        assert "prod: 1 to change, 1 to delete\n  - Endpoint delays-prod\n  ~ Topic alerts (tags)" in out
        assert f"      live of delays in prod ({live}, by the stage's file)" in out
        assert out.splitlines()[-1] == ("✗ In prod something that a pin names would be replaced or deleted")

    def test_as_json_and_markdown_and_with_what_failed(self, slipway, prod, dev):
        dev.stack.previewed = ServiceError("no answer", "", "Ask again.")
        prod.stack.previewed = None
        code, out, _ = slipway("plan", "--json")
        found = json.loads(out.splitlines()[-1])
        assert (code, found["passes"]) == (4, False)
        assert [(one["made"], one["failure"]) for one in found["stages"]] == [
            (True, "no answer\nAsk again."),
            (False, None),
        ]
        code, out, _ = slipway("plan", "--markdown")
        assert (code, out.splitlines()[0]) == (4, "## ⚠️ dev could not be asked")
        assert "⚠️ no answer Ask again." in out


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


class TestVerify:
    def test_a_whole_ledger_says_how_much_was_proven(self, slipway, prod):
        slipway("rollback", "prod")
        code, out, _ = slipway("verify")
        assert code == 0
        assert out == (
            "✓ dev: no entry yet\n✓ prod: 5 entries proven: each is as it was written, and none is missing\n"
        )

    def test_a_changed_one_is_exit_1_with_the_place(self, slipway, prod):
        slipway("rollback", "prod")
        prod.ledger.raw[2] = prod.ledger.raw[2].replace(b"ci", b"me")
        code, out, _ = slipway("verify", "prod", "--json")
        assert code == 1
        [found] = json.loads(out)["stages"]
        assert found == {
            "stage": "prod",
            "entries": 5,
            "problems": ["entry 2 was changed: its hash is another than was recorded"],
        }
        assert "✗ prod: entry 2 was changed" in slipway("verify", "prod")[1]

    def test_a_stage_that_is_not_provisioned_has_none(self, slipway, prod):
        prod.ledger.there = False
        assert slipway("verify", "prod")[:2] == (0, "✓ prod: no entry yet\n")


class TestInvoke:
    def test_the_answer_alone_is_on_stdout(self, slipway):
        assert slipway("invoke", "prod") == (0, '{"predictions": [0.5]}\n', "")

    def test_a_request_from_a_file(self, slipway, tmp_path):
        (tmp_path / "request.json").write_text("{}")
        code, out, _ = slipway("invoke", "prod", "--body", str(tmp_path / "request.json"), "--json")
        assert (code, json.loads(out)["answer"]) == (0, {"predictions": [0.5]})

    def test_a_file_that_is_not_there_is_exit_2(self, slipway, tmp_path):
        code, _, err = slipway("invoke", "prod", "--body", str(tmp_path / "none"))
        assert code == 2
        assert "cannot be read" in err


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


class TestDoctor:
    def test_a_healthy_stage_ends_with_0_and_says_what_was_checked(self, slipway):
        code, out, _ = slipway("doctor", "prod")
        assert code == 0
        assert "✓ delays in prod" in out
        assert "SageMaker serves what the pin says" in out

    def test_what_is_wrong_ends_with_1_in_one_paragraph(self, slipway, prod):
        prod.roles = False
        code, out, _ = slipway("doctor", "prod")
        assert code == 1
        assert "Diagnosis (role-not-assumed): SageMaker cannot assume the execution role" in out
        code, out, _ = slipway("doctor", "prod", "--json")
        answer = json.loads(out)
        assert (code, answer["healthy"], answer["diagnosis"]["rule"]) == (1, False, "role-not-assumed")
        assert answer["paragraph"].startswith("Diagnosis (role-not-assumed)")


class TestLogs:
    def test_the_last_lines_of_each_container(self, slipway, prod):
        prod.signs.streams = [LogStream("live/i-1", ("listening", "[bold]ready", "done"))]
        code, out, _ = slipway("logs", "prod", "--lines", "2")
        assert (code, out.splitlines()) == (0, ["live/i-1", "[bold]ready", "done"])
        _, out, _ = slipway("logs", "prod", "--json")
        assert json.loads(out)["streams"] == [
            {"name": "live/i-1", "lines": ["listening", "[bold]ready", "done"]}
        ]

    def test_no_line_is_said_to_be_none(self, slipway):
        code, out, _ = slipway("logs", "prod", "--variant", "candidate")
        assert code == 0
        assert "no container of delays in prod has printed anything" in out
