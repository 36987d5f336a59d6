"""The commands that show releases and change none, over fakes: arguments in, words and exit codes out."""

import json

import pytest

from release.domain.diagnosis.symptoms import LogStream
from release.domain.errors import ServiceError
from release.domain.planned import Change, Deed
from tests.fakes.findings import finding
from tests.release.scenes import NAME, config_of, pins_now, sure


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

    def test_open_findings_are_told_briefly_and_are_no_disagreement(self, slipway, noticed):
        found = [finding(1), finding(1, subject="auc", severity="critical")]
        noticed["prod"].findings.note(found)
        code, out, _ = slipway("status")
        assert code == 0
        assert "2 findings are open, 1 critical: ./slipway findings prod" in out
        for one in found:
            noticed["prod"].findings.close(one.id, "known")
        assert "findings" not in slipway("status")[1]

    def test_findings_that_cannot_be_read_are_told_and_hide_nothing(self, slipway, noticed):
        noticed["prod"].records.refusal = ServiceError("Access Denied")
        code, out, _ = slipway("status", "prod")
        assert code == 0
        assert "what monitoring noticed cannot be read: Access Denied" in out

    def test_as_json(self, slipway):
        _, out, _ = slipway("status", "dev", "--json")
        found = json.loads(out)
        assert found["agree"] is True
        assert [line["stage"] for line in found["stages"]] == ["dev"]

    def test_an_unknown_stage_is_exit_2(self, slipway):
        assert slipway("status", "qa")[0] == 2


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
