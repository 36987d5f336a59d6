"""What Argo Rollouts and Flagger send, and what they make of the answers, on the running service."""

import contextlib
import http.client
import json
import math
import socket
import subprocess
import sys
import time

import pytest

from integrations.judge_service import reading
from integrations.judge_service.reading import MOST_BODY
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
            argo = {"pod_name": "delays-1", "labels": {"rollouts-pod-template-hash": hash_}}
            flagger = {"pod_name": "delays-primary-9f-x" if variant == "live" else "delays-7b-x"}
            return {"log": text + "\n", "kubernetes": argo if kind == "argo" else flagger}

        for kind in ("argo", "flagger"):
            with running(tmp_path / kind) as service:
                records = [shipped(line, kind) for line in streamed()]
                service.argo("abc")
                told = service.call("POST", f"/evidence/{PATH}/abc", records).told
                assert told == {"kept": len(records) - 1, "passed_over": 1}
                service.post([quiet.line(40.0)])
                assert service.argo("abc").told["decision"] == "PASS", kind


POST = "POST /argo HTTP/1.1\r\nContent-Length: 90\r\n\r\n"


def spoken(service, text):
    """The statuses of what is answered to these bytes, until the service hangs up; each answer is JSON."""
    with contextlib.closing(socket.create_connection(("127.0.0.1", service.port))) as caller:
        caller.settimeout(30)
        caller.sendall(text.encode("latin-1"))
        found, stream = [], caller.makefile("rb")
        while line := stream.readline():
            headers = http.client.parse_headers(stream)
            assert headers["Content-Type"] == "application/json"
            json.loads(stream.read(int(headers["Content-Length"])))
            found.append(int(line.split()[1]))
        return found


class TestBounds:
    @pytest.mark.parametrize(
        ("body", "status"), [("{", 400), ("[]", 400), (b"\xff", 400), ('{"name": "good"}', 400)]
    )
    def test_a_body_that_makes_no_sense_is_refused(self, service, body, status):
        assert service.call("POST", "/flagger/rollout", body).status == status

    @pytest.mark.parametrize(
        ("told", "status"),
        [
            (f"Content-Length: {MOST_BODY + 1}", 413),
            (f"Content-Length: {'9' * 5000}", 413),
            ("Content-Length: \u00b2", 400),
            ("Content-Length: +2", 400),
            ("Content-Length: -2", 400),
            ("Content-Length: 1_0", 400),
            ("Host: x", 411),
            ("Content-Length: 2\r\nContent-Length: 3", 411),
            ("Content-Length: 2\r\nTransfer-Encoding: chunked", 411),
            ("Transfer-Encoding: chunked", 411),
        ],
    )
    def test_a_body_without_one_length_that_it_may_have_is_not_read(self, service, told, status):
        assert spoken(service, f"POST /argo HTTP/1.1\r\n{told}\r\n\r\n") == [status]

    @pytest.mark.parametrize(
        ("head", "statuses"),
        [
            ("GET /healthz HTTP/1.1\r\n\r\n", [200, 200]),
            ("GET /healthz HTTP/1.1\r\nContent-Length: 0\r\n\r\n", [200, 200]),
            ("GET /healthz HTTP/1.1\r\nContent-Length: 40\r\n\r\n", [200]),
            ("GET /healthz HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", [200]),
            ("POST /argo HTTP/1.0\r\nContent-Length: 2\r\n\r\n{}", [400]),
            ("POST /argo HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}", [400, 200]),
            ("GET http://[ HTTP/1.1\r\n\r\n", [400, 200]),
            ("PUT /argo HTTP/1.1\r\n\r\n", [501]),
        ],
    )
    def test_what_follows_a_request_is_the_next_one_or_nothing(self, service, head, statuses):
        assert spoken(service, f"{head}GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n") == statuses

    def test_a_body_that_is_nested_too_deeply_is_refused(self, service):
        for path in ("/evidence/serving/good", "/flagger/rollout"):
            assert service.call("POST", path, "[" * 100_000).status == 400

    def test_a_request_that_comes_in_drops_is_not_waited_for(self, service, monkeypatch):
        monkeypatch.setattr(reading, "REQUEST_SECONDS", 0.5)
        monkeypatch.setattr(reading, "SOCKET_SECONDS", 0.4)
        for begun, answered in (("GET /healthz HTTP/1.1\r\nX: ", []), (POST, [408])):
            with contextlib.closing(socket.create_connection(("127.0.0.1", service.port))) as caller:
                caller.settimeout(10)
                caller.sendall(begun.encode())
                with contextlib.suppress(OSError):
                    for _ in range(50):
                        caller.sendall(b"x")
                        time.sleep(0.1)
                    raise AssertionError("it is still listened to")
            assert spoken(service, begun) == answered

    def test_a_fault_is_answered_as_json_and_told(self, service, monkeypatch, capsys):
        monkeypatch.setattr("integrations.judge_service.answers.Answer.record", lambda _: {"age": math.nan})
        told = service.call("GET", "/argo/serving/good/abc")
        assert (told.status, list(told.told)) == (500, ["error"])
        assert "ValueError" in capsys.readouterr().err

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
