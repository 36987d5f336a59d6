"""A container of others is released as ours is; what is wrong with it is said before anything is changed."""

import gzip

import pytest

from release.domain.errors import ReleaseFailed, ServiceError, UsageError
from release.operations.composing import Given
from release.operations.promote import Order as PromoteOrder
from release.operations.promote import promote
from release.operations.release import Order, release
from tests.fakes.store import GOLDEN
from tests.release.rollout import judged_scenes as scenes
from tests.release.scenes import config_of, pins_now, serves, serving, sure
from tests.release.test_foreign import DIGEST
from tests.sandbox.images import tar


def test_it_is_pinned_by_its_digest_and_kept_with_its_evidence_and_its_maker(project, dev, told, given):
    found = release(project(dev), Order(given()), told)
    live = sure(pins_now(dev).live)
    assert (live.release, live.digest) == (found.release, DIGEST)
    content = dev.artifacts.manifest(found.release)
    assert content.evaluation == {"test_auc": 0.81, "test_rows": 12000}
    assert content.foreign is not None
    assert dev.makers.of(found.release).by == (dev.caller.arn,)
    assert "building the image" not in told.text


def test_the_same_again_changes_nothing(project, dev, told, given):
    world = project(dev)
    first = release(world, Order(given()), told)
    again = release(world, Order(given()), told)
    assert (again.release, again.changed) == (first.release, False)


def test_it_is_promoted_as_ours_is(project, dev, staging, told, given):
    world = project(dev, staging)
    found = release(world, Order(given()), told)
    assert promote(world, PromoteOrder("staging"), told).release == found.release
    assert sure(pins_now(staging).live).digest == DIGEST


def test_a_gate_that_its_evidence_failed_refuses_it(project, dev, told, given):
    worse = given(gates=[{"name": "auc", "value": 0.7, "at_least": 0.75}])
    before = pins_now(dev)
    with pytest.raises(ReleaseFailed, match=r"auc is 0.7 \(at least 0.75\)"):
        release(project(dev), Order(worse), told)
    assert pins_now(dev) == before


def test_a_gate_that_a_stage_asks_for_and_its_evidence_lacks_refuses_it(project, dev, told, given):
    world = project(dev, dev={"gates": ["parity"]})
    with pytest.raises(ReleaseFailed, match="parity: required by the stage"):
        release(world, Order(given(gates=[{"name": "auc", "value": 0.8, "at_least": 0.75}])), told)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"image": "team/churn:v1"}, "is no image by digest"),
        ({"artifact": "none.tar.gz"}, "There is no artifact file"),
        ({"evidence": "none.json"}, "There is no evidence file"),
    ],
)
def test_what_was_not_given_rightly_changes_nothing(project, dev, told, given, wrong, words, tmp_path):
    good, before = given(), pins_now(dev)
    paths = {name: tmp_path / value if name != "image" else value for name, value in wrong.items()}
    with pytest.raises(UsageError, match=words):
        release(project(dev), Order(Given(**(vars(good) | paths))), told)
    assert (dev.ledger.stored, pins_now(dev)) == ([], before)


def test_an_artifact_that_sagemaker_could_not_unpack_is_refused(project, dev, told, given):
    good = given()
    for content in (b"weights", gzip.compress(b"weights"), tar({"weights.json": b"[]"})):
        good.artifact.write_bytes(content)
        with pytest.raises(UsageError, match=r"no tar archive that gzip compressed(?s:.*)tar -czf"):
            release(project(dev), Order(good), told)
    assert dev.ledger.stored == []


class TestToldByTheRelease:
    """The container itself is asked in the first stage, and what it does not do is said by the release."""

    def test_that_it_prints_no_windows_is_a_remark_with_its_consequence(self, project, dev, told, given):
        dev.evidence.silent = True
        assert release(project(dev), Order(given()), told).changed
        assert "this container prints no windows" in told.text
        assert "score drift, invalid predictions" in told.text

    def test_that_it_prints_some_is_a_remark_where_its_evidence_does_not_say_so(
        self, project, dev, told, given
    ):
        release(project(dev), Order(given()), told)
        assert 'with "prints_windows": true' in told.text

    def test_that_it_prints_them_as_it_says_is_no_remark(self, project, dev, told, given):
        assert release(project(dev), Order(given(prints_windows=True)), told).changed
        assert "prints no windows" not in told.text
        assert "does not say so" not in told.text

    def test_that_it_prints_none_though_its_evidence_says_so_refuses_it(self, project, dev, told, given):
        dev.evidence.silent, before = True, pins_now(dev)
        with pytest.raises(ReleaseFailed, match=r"it printed no windows(?s:.*)Diagnosis \(no-windows\)"):
            release(project(dev), Order(given(prints_windows=True)), told)
        assert (pins_now(dev), serves(dev)) == (before, config_of(before.live, "dev"))

    def test_a_log_that_cannot_be_read_is_no_no(self, project, dev, told, given):
        dev.evidence.unreadable = 10_000
        with pytest.raises(ServiceError, match="Whether the container prints windows cannot be told"):
            release(project(dev), Order(given(prints_windows=True)), told)
        assert dev.ledger.current is not None, "it stays where it stands"

    def test_a_window_of_the_release_before_is_none_of_its_own(self, project, dev, told, given):
        release(project(dev), Order(given()), told)
        dev.evidence.silent = True
        second = given(source={"number": 2}, prints_windows=True)
        with pytest.raises(ReleaseFailed, match="it printed no windows"):
            release(project(dev), Order(second), told)

    @pytest.mark.parametrize("strategy", ["judged", "shadow"])
    def test_it_is_asked_once_and_before_it_has_callers_where_it_stands_beside_live(
        self, project, told, given, strategy
    ):
        dev = serving(2, 0, stage="dev", rollout=scenes.QUICK | {"strategy": strategy, "hold_seconds": 1800})
        release(project(dev), Order(given()), told)
        texts = [event.text for event in told.events]
        asked = [number for number, text in enumerate(texts) if "looking whether it prints" in text]
        judged = [n for n, text in enumerate(texts) if "at 5 % of the traffic" in text]
        assert len(asked) == 1
        assert asked[0] < judged[0]

    def test_ours_is_not_asked(self, project, dev, told):
        dev.evidence.silent = True
        world = project(dev)
        release(world, Order(world.build / "model"), told)
        assert "windows" not in told.text

    def test_each_of_its_golden_requests_is_sent_twice(self, project, dev, told, given):
        dev.artifacts.requests = GOLDEN.model_copy(update={"repeats_within": 0.0})
        release(project(dev), Order(given()), told)
        assert len(dev.sagemaker.bodies) == 2 * len(GOLDEN.requests)

    def test_a_container_that_answers_otherwise_is_taken_back(self, project, dev, told, given):
        before = pins_now(dev)
        dev.sagemaker.answer = b'{"predictions": [0.7]}'
        with pytest.raises(ReleaseFailed, match="golden request 1 of 1"):
            release(project(dev), Order(given()), told)
        assert (pins_now(dev), serves(dev)) == (before, config_of(before.live, "dev"))
