"""A container that somebody else built goes from `release` to the next stage; one that cannot is told so."""

import json

import pytest

from demo.callers import Callers
from demo.project import TOLERANT, change_stage
from release.domain import names
from release.domain.ledger import Judged
from tests.end_to_end.foreign import container
from tests.end_to_end.world import PATIENCE

pytestmark = [pytest.mark.sandbox, pytest.mark.long]

JITTER = {"import json, os": "import json, os, random", "sum(w * x": "random.random() / 1e6 + sum(w * x"}
"""The same request gets two answers, a millionth apart at most."""
NO_PING = {'self.answer(200, b"")': 'self.answer(503, b"")'}
OTHER = {"sum(w * x": "0.1 + sum(w * x"}
ODD = {"sum(w * x": "0.3 * (rows == [[1, 2]]) + sum(w * x"}
"""The callers' row is scored otherwise; in a golden request it never comes alone."""
SLOWER = {
    "import json, os": "import json, os, time",
    "        churns = ": "        time.sleep(0.03)\n        churns = ",
}
PAST_WINDOWS = 6 * PATIENCE
"""A rollout that rests on SageMaker's minutes takes some of them."""
JUDGED = {"strategy": "judged", "steps": [50], "step_seconds": 5, "hold_seconds": 3_600, "bake_seconds": 5}


@pytest.fixture(scope="module")
def first(world, tmp_path_factory):
    """The page's container, released."""
    made = container(world.sandbox, tmp_path_factory.mktemp("first"))
    return world.slipway("release", *made.arguments)


def told(done) -> str:
    """All that a command's error says: cause, consequence and next step."""
    return " ".join(map(str, done.result.values()))


def test_what_it_does_not_print_is_said_when_it_is_released(first):
    assert "this container prints no windows" in first.stderr
    assert "score drift, invalid predictions" in first.stderr


def test_the_page_s_container_goes_to_staging_and_answers_there(world, first):
    release = first.result["release"]
    assert world.slipway("promote", "staging").result["release"] == release
    answer = world.slipway("invoke", "staging").result["answer"]
    assert answer == {"churns": pytest.approx([0.5, 0.2])}
    for stage in ("dev", "staging"):
        world.assert_clean(stage, serves=release, refresh=False)


@pytest.mark.parametrize(
    ("server", "said", "words"),
    [
        (NO_PING, {}, ("did not pass the ping health check", "/ping")),
        (
            OTHER,
            {},
            ("it answers 0.6 at /churns/0, where 0.5 is expected", "otherwise than its evidence says"),
        ),
        (JITTER, {"tolerance": None}, ("the same request got two answers", "golden.tolerance")),
        ({}, {"prints_windows": True}, ("it printed no windows", '"prints_windows": false')),
    ],
)
def test_one_that_does_not_keep_what_is_said_of_it_is_refused(world, first, tmp_path, server, said, words):
    def tell(evidence):
        evidence["golden"].update({key: value for key, value in said.items() if key == "tolerance"})
        evidence.update({key: value for key, value in said.items() if key != "tolerance"})

    serves = world.endpoint("dev").live.release
    made = container(world.sandbox, tmp_path, server, tell)
    error = told(world.slipway("release", *made.arguments, expected=1))
    for expected in words:
        assert expected in error
    world.assert_at_rest("dev", serves)


def test_one_whose_evidence_declares_how_far_its_answers_change_is_released(world, first, tmp_path):
    made = container(world.sandbox, tmp_path, JITTER)
    release = world.slipway("release", *made.arguments).result["release"]
    world.assert_at_rest("dev", release)


@pytest.fixture(scope="module")
def judged(world, first):
    """A stage that serves the page's container, is judged from now on, and has callers until the end."""
    world.slipway("promote", "staging")
    change_stage(world.project, "staging", JUDGED, {**TOLERANT, "service": TOLERANT["errors"]})
    body = json.dumps({"rows": [[1, 2]]}).encode()
    callers = Callers(world.env["AWS_ENDPOINT_URL"], names.endpoint("delays", "staging"), 120.0, [body])
    callers.start()
    yield callers.calls
    callers.stop()


def promoted(world, code):
    """A promotion to staging that ended with this code, and what its judge decided."""
    process = world.start("promote", "staging", "--json")
    stdout, stderr = process.communicate(timeout=PAST_WINDOWS)
    assert process.returncode == code, stdout + stderr
    found = [entry.what for entry in world.entries("staging") if isinstance(entry.what, Judged)]
    return stdout + stderr, found


def test_its_rollout_is_judged_by_what_sagemaker_counts_and_says_what_nobody_saw(world, judged, tmp_path):
    made = container(world.sandbox, tmp_path, said=lambda evidence: evidence["source"].update(number=2))
    release = world.slipway("release", *made.arguments).result["release"]
    _, found = promoted(world, 0)
    assert [(what.share, what.decision) for what in found] == [(50, "PASS"), (100, "PASS")]
    assert "as SageMaker counts them" in found[0].because
    assert "score drift" in found[0].because
    assert judged.failures == []
    assert all(one["same"] for one in world.slipway("rejudge", "staging").result["verdicts"])
    assert "score drift" in world.slipway("report", "staging", "--markdown").result["markdown"]
    world.assert_at_rest("staging", release)


def test_one_that_is_slower_fails_by_sagemaker_s_latency(world, judged, tmp_path):
    serves = world.endpoint("staging").live.release
    # Its golden requests may be that slow: it is its callers' that are compared.
    allowed = {"times_slower": 1000.0, "slower_ms": 1000.0}
    made = container(world.sandbox, tmp_path, SLOWER, lambda said: said["golden"].update(allowed=allowed))
    world.slipway("release", *made.arguments)
    said, _ = promoted(world, 1)
    assert "the judge says FAIL: latency" in said
    world.assert_at_rest("staging", serves)


@pytest.fixture(scope="module")
def captured(world, judged, tmp_path_factory):
    """The stage captures all answers from now on, and has to have their scores proven."""
    to = f"s3://{world.ports('staging').artifacts.bucket}/answers"
    judge = {**TOLERANT, "service": TOLERANT["errors"], "require": ["service", "latency", "score", "invalid"]}
    change_stage(world.project, "staging", {**JUDGED, "allow": ["all-at-once"]}, judge)
    world.edit("staging", capture={"percent": 100, "to": to})
    made = container(world.sandbox, tmp_path_factory.mktemp("captured"), said=numbered(4))
    release = world.slipway("release", *made.arguments).result["release"]
    world.slipway("promote", "staging", "--strategy", "all-at-once")
    assert world.endpoint("staging").live.release == release
    assert world.endpoint("staging").live.capture.to == to


def numbered(number):
    """What makes a release of the same container another one."""
    return lambda evidence: evidence["source"].update(number=number)


def test_one_that_answers_its_callers_otherwise_and_golden_requests_right_fails_by_score(
    world, captured, tmp_path
):
    serves = world.endpoint("staging").live.release
    made = container(world.sandbox, tmp_path, ODD, numbered(6))
    world.slipway("release", *made.arguments)
    said, found = promoted(world, 1)
    assert "the judge says FAIL: score" in said
    assert found[-1].because.startswith("score")
    assert all(one["same"] for one in world.slipway("rejudge", "staging").result["verdicts"])
    world.assert_at_rest("staging", serves)
