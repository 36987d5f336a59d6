"""`/metrics`, read by Prometheus' own parser."""

import pytest
from prometheus_client.parser import text_string_to_metric_families

from model.serving.application import Request
from model.serving.telemetry.bins import Scale
from model.serving.telemetry.cells import CELLS, Kind
from model.serving.telemetry.exposition import SECONDS, ModelInfo, exposition
from tests.model.serving.telemetry.examples import Counted, answer

MODELS = [ModelInfo("toys", "1", "abc"), ModelInfo('odd "name"\\\n', "2", "")]


def samples(text: bytes) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """Every sample by name and labels; a family without type and explanation fails."""
    found = {}
    for family in text_string_to_metric_families(text.decode()):
        assert family.type in ("counter", "gauge", "histogram")
        assert family.documentation
        for sample in family.samples:
            key = (sample.name, frozenset(sample.labels.items()))
            assert key not in found
            found[key] = sample.value
    return found


def of(found: dict, metric: str, **labels: str) -> float:
    return found[metric, frozenset(labels.items())]


def counted() -> Counted:
    result = Counted()
    for milliseconds in (0.2, 0.7, 3, 30, 40_000):
        result(answer(200, 0.31, 0.99), milliseconds / 1000)
    result(answer(500))
    result(answer(200), request=Request("GET", "/ping", {}, b""))
    return result


def test_the_workers_are_added() -> None:
    rows = counted().counters.rows() * 2
    found = samples(exposition(rows, MODELS))
    assert of(found, "slipway_requests_total", path="invocations", status="200") == 10
    assert of(found, "slipway_requests_total", path="invocations", status="500") == 2
    assert of(found, "slipway_requests_total", path="ping", status="200") == 2
    assert of(found, "slipway_rows_total") == 20
    assert of(found, "slipway_first_errors_total") == 2
    assert of(found, "slipway_workers") == 2
    assert of(found, "slipway_worker_resident_bytes", worker="1") == 0
    assert of(found, "slipway_model_info", name="toys", version="1", sha256="abc") == 1
    assert of(found, "slipway_model_info", name='odd "name"\\\n', version="2", sha256="") == 1


def test_the_histograms() -> None:
    found = samples(exposition(counted().counters.rows(), MODELS))
    le = {
        bound: of(found, "slipway_request_seconds_bucket", le=bound) for bound in ("0.0005", "0.001", "0.05")
    }
    assert le == {"0.0005": 1, "0.001": 2, "0.05": 4}
    assert of(found, "slipway_request_seconds_bucket", le="30.0") == 4
    assert of(found, "slipway_request_seconds_bucket", le="+Inf") == 5
    assert of(found, "slipway_request_seconds_count") == 5
    assert of(found, "slipway_request_seconds_sum") == pytest.approx(40.0339, rel=0.01)
    shares = [of(found, "slipway_score_bucket", le=bound) for bound in ("0.3", "0.4", "0.9", "+Inf")]
    assert shares == [0, 2, 2, 5]


def test_numbers_have_buckets_of_their_own_range() -> None:
    scale, one = Scale(100.0, 300.0), Counted()
    one.counter.count_in(scale)
    for score in (-50.0, 119.0, 121.0, 299.0, 1e9):
        one(answer(200, score))
    found = samples(exposition(one.counters.rows(), [], scale))
    counts = [of(found, "slipway_score_bucket", le=bound) for bound in ("120.0", "140.0", "280.0", "+Inf")]
    assert counts == [2, 3, 3, 5]
    assert of(found, "slipway_score_sum") == pytest.approx(100.5 + 119.5 + 121.5 + 299.5 + 299.5)


@pytest.mark.parametrize("bound", SECONDS)
def test_a_bound_is_right_to_one_bin(bound: float) -> None:
    one = Counted()
    for factor in (0.9, 0.979, 1.001, 1.1):
        one(answer(200, 0.5), bound * factor)
    assert (
        of(samples(exposition(one.counters.rows(), [])), "slipway_request_seconds_bucket", le=repr(bound))
        == 2
    )


def test_buckets_only_grow_with_their_bound() -> None:
    text = exposition([[1] * CELLS], [])
    for name in ("slipway_request_seconds", "slipway_score"):
        values = [value for (key, _), value in samples(text).items() if key == f"{name}_bucket"]
        assert values == sorted(values)


def test_a_new_server_has_every_counter() -> None:
    """So that a rate begins with the first request, and the first failure, not with the second."""
    found = samples(exposition([[0] * CELLS], []))
    for kind in (Kind.INVOCATIONS, Kind.INFER):
        for status in ("200", "500", "503"):
            assert of(found, "slipway_requests_total", path=kind.name.lower(), status=status) == 0
