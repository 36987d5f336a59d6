"""What Argo Rollouts and Flagger send, and what they make of the answers, on the running service."""

import json
import subprocess
import sys

import pytest

from release.domain.judge_service import Hook, failed_query
from release.judge import quiet
from tests.conftest import ROOT
from tests.integrations.judge_service.service import PATH, running, streamed

ALL = {"good": None, "bad": {"errors": 0.2}, "none": None}


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    """A service with a rollout that passes, one that fails, and one of which nothing came."""
    with running(tmp_path_factory.mktemp("judge") / "kept") as found:
        for name, bad in ALL.items():
            lines = streamed(bad) if name != "none" else [quiet.line(1.0)]
            found.call("GET", f"/argo/serving/{name}/abc")
            found.call("POST", f"/evidence/serving/{name}/abc", "\n".join(lines))
        yield found


def payload(name, **more):
    """Flagger's payload, with the fields of its documentation."""
    told = {"name": name, "namespace": "serving", "phase": "Progressing", "checksum": "abc"}
    return told | {"metadata": {"test": "all", "token": "16688eb5e9f289f1991c"}} | more


class TestArgo:
    @pytest.mark.parametrize(("name", "said"), [("good", "PASS"), ("bad", "FAIL"), ("none", "HOLD")])
    def test_its_web_provider_gets_one_word_by_get_and_by_post(self, service, name, said):
        by_get = service.call("GET", f"/argo/serving/{name}/abc")
        by_post = service.call(
            "POST", "/argo", {"namespace": "serving", "name": name, "checksum": "abc", "more": 1}
        )
        assert (by_get.status, by_get.told["decision"]) == (200, said)
        assert (by_post.status, by_post.told["decision"]) == (200, said)

    def test_a_rollout_that_nobody_knows_is_held(self, service):
        assert service.call("GET", "/argo/serving/unknown/6f64645fd5").told["decision"] == "HOLD"

    @pytest.mark.parametrize("path", ["/argo/serving/good", "/argo/serving/../abc", "/argo/S/good/abc", "/"])
    def test_what_names_no_rollout_is_an_error_and_never_a_success(self, service, path):
        assert service.call("GET", path).status >= 400


class TestFlagger:
    @pytest.mark.parametrize(
        ("hook", "good", "none", "bad"),
        [
            (Hook.CONFIRM_ROLLOUT, 200, 200, 200),
            (Hook.PRE_ROLLOUT, 200, 200, 409),
            (Hook.ROLLOUT, 200, 200, 409),
            (Hook.CONFIRM_PROMOTION, 200, 409, 409),
            (Hook.POST_ROLLOUT, 200, 200, 200),
            (Hook.EVENT, 200, 200, 200),
            (Hook.ROLLBACK, 409, 409, 200),
        ],
    )
    def test_each_hook_is_told_what_moves_the_canary_rightly(self, service, hook, good, none, bad):
        asked = {name: service.call("POST", f"/flagger/{hook}", payload(name)).status for name in ALL}
        assert asked == {"good": good, "none": none, "bad": bad}

    def test_the_first_traffic_needs_no_evidence_and_the_next_does(self, tmp_path, monkeypatch):
        monkeypatch.setattr("integrations.judge_service.rollout.SAME_SECONDS", 0.0)
        with running(tmp_path / "kept") as service:
            assert service.flagger("pre-rollout", "abc") == 200
            assert service.flagger("confirm-traffic-increase", "abc") == 200
            assert service.flagger("confirm-traffic-increase", "abc") == 409
        with running(tmp_path / "kept") as service:
            assert service.flagger("confirm-traffic-increase", "abc") == 409
            service.post(streamed())
            assert service.flagger("confirm-traffic-increase", "abc") == 200

    def test_its_metric_is_one_only_where_the_rollout_failed(self, service):
        def value(name):
            query = failed_query("serving", name).replace('"', "%22").replace("{", "%7B").replace("}", "%7D")
            told = service.call("GET", f"/flagger/metric/api/v1/query?query={query}").told
            return [each["value"][1] for each in told["data"]["result"]]

        assert [value(name) for name in (*ALL, "asked-by-nobody")] == [["0"], ["1"], ["0"], []]
        online = service.call("GET", "/flagger/metric/api/v1/query?query=vector%281%29").told
        assert online["data"]["result"][0]["value"][1] == "1"

    def test_the_checksum_before_a_rollout_opens_nothing(self, tmp_path):
        with running(tmp_path / "kept") as service:
            assert service.flagger("pre-rollout", "new") == 200
            service.post(streamed())
            assert service.flagger("confirm-rollout", "old") == 200
            assert service.flagger("event", "old") == 200
            assert service.flagger("confirm-promotion", "new") == 200

    def test_a_hook_that_is_none_is_an_error(self, service):
        assert service.call("POST", "/flagger/gate", payload("good")).status == 404


class TestKubernetesLogs:
    def test_pods_are_told_apart_by_argos_label_and_by_flaggers_names(self, tmp_path):
        def shipped(line, kind):
            window = json.loads(line)
            if "schema" not in window:
                return {"log": "GET /ping", "kubernetes": {"pod_name": "delays-1"}}
            variant, text = window.pop("variant"), json.dumps(window)
            hash_ = "abc" if variant == "candidate" else "def"
            argo = {"pod_name": "delays-9f-x2b4z", "labels": {"rollouts-pod-template-hash": hash_}}
            flagger = {"pod_name": f"delays-{'primary-' if variant == 'live' else ''}9f-x2b4z"}
            return {"log": text + "\n", "kubernetes": argo if kind == "argo" else flagger}

        for kind in ("argo", "flagger"):
            with running(tmp_path / kind) as service:
                records = [shipped(line, kind) for line in streamed()]
                service.argo("abc")
                told = service.call("POST", f"/evidence/{PATH}/abc", records).told
                assert told == {"kept": len(records) - 1, "passed_over": 1}
                service.post([quiet.line(40.0)])
                assert service.argo("abc").told["decision"] == "PASS", kind

    def test_a_line_that_begins_with_a_bracket_spoils_none_of_the_others(self, tmp_path):
        with running(tmp_path / "kept") as service:
            service.argo("abc")
            lines = streamed()
            told = service.post(["[2026-11-30 12:00:00 +0000] [1] [INFO] Booting", *lines]).told
        assert told == {"kept": len(lines), "passed_over": 1}

    @pytest.mark.parametrize("rest", [None, "-api-9f-x2b4z", "s-9f-x2b4z", "-0"])
    def test_a_pod_of_something_else_is_neither(self, tmp_path, rest):
        pod = {} if rest is None else {"pod_name": f"delays{rest}"}
        window = next(line for line in streamed() if "slipway-window" in line)
        labels = {"labels": {"rollouts-pod-template-hash": "def"}}
        with running(tmp_path / "kept") as service:
            service.argo("abc")
            for kubernetes in (pod, pod | labels):
                told = service.call("POST", f"/evidence/{PATH}", [{"log": window, "kubernetes": kubernetes}])
                assert told.told == {"kept": 0, "passed_over": 1}


class TestItself:
    def test_it_says_that_it_lives_and_where_everything_stands(self, service):
        assert service.call("GET", "/healthz").told == {"status": "ok"}
        text = service.call("GET", "/metrics").told
        assert 'slipway_judge_verdict{namespace="serving",name="good",decision="PASS"} 1' in text
        assert 'slipway_judge_failed{namespace="serving",name="bad"} 1' in text

    def test_a_folder_of_something_else_ends_it_with_words(self, tmp_path):
        (tmp_path / "serving" / "delays").mkdir(parents=True)
        (tmp_path / "serving" / "delays" / "notes.jsonl").write_text("")
        command = [sys.executable, "-m", "integrations.judge_service", "--folder", str(tmp_path)]
        done = subprocess.run(
            [*command, "--port", "0"], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
        )
        assert done.returncode == 2
        assert "--folder" in done.stderr
        assert "Traceback" not in done.stderr
