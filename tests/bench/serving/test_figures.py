"""Medians, ratios and bars from results."""

import json

import pytest

from bench.serving import figures, report, results
from bench.serving.results import Kind, Server, Workers
from tests.bench.serving import examples
from tests.bench.serving.examples import cell, good, server


def bars_met(found: results.Results) -> dict[str, bool]:
    return {bar.what: bar.met for bar in figures.bars(found)}


def test_every_bar_can_be_met() -> None:
    assert all(bars_met(good()).values())
    measured = [bar.measured for bar in figures.bars(good())]
    assert measured == pytest.approx([12, 5, 66.67, 3, 8, 0.5, 80, 9], abs=0.01)


def test_medians_are_over_rounds() -> None:
    found = server("slipway", Kind.OURS, (cell(100),), (cell(900),), (cell(300),))
    assert figures.rate(found, "JSON", 1) == 300
    assert figures.rate(found, "JSON", 32) is None
    assert figures.cpu_per_request(found, "JSON", 1) == pytest.approx(50)


def test_answers_that_are_errors_do_not_count_as_throughput() -> None:
    found = server("slipway", Kind.OURS, (cell(100, errors=500),))
    assert figures.rate(found, "JSON", 1) == 100
    assert figures.errors(found) == 500


def test_the_best_peer_is_that_of_the_kind() -> None:
    name = figures.best(good(), Kind.SKLEARN, "JSON", 1)
    assert name
    assert (name[0].key, name[1]) == ("usual", 100)
    assert figures.best(good(), Kind.BATCHING, "JSON", 1) is None


@pytest.mark.parametrize(
    ("key", "worse", "bar"),
    [
        ("slipway", (cell(1199), cell(800, rows=32)), "times the best peer as usually run"),
        ("usual", (cell(101), cell(100, rows=32)), "times the best peer as usually run"),
        ("graph", (cell(241),), "with our ONNX graph"),
        ("nothing-slipway", (cell(1900),), "without a model"),
        ("slipway", (cell(1200, tail=4.1), cell(800, rows=32)), "p99 over p50"),
        ("slipway", (cell(1200), cell(799, rows=32)), "32 rows of JSON"),
    ],
)
def test_a_bar_is_missed_alone(key: str, worse: tuple[results.Cell, ...], bar: str) -> None:
    found = good()
    changed = next(s for s in found.servers if s.key == key)
    changed.rounds = server(key, changed.kind, worse).rounds
    missed = [what for what, met in bars_met(found).items() if not met]
    assert missed
    assert any(bar in what for what in missed)


def test_start_memory_and_workers_have_bars() -> None:
    found = good()
    found.servers[0] = server("slipway", Kind.OURS, (cell(1200), cell(800, rows=32)), start=1.0, rss=121)
    found.workers = Workers(16, [100e-6], [112e-6])
    missed = [what for what, met in bars_met(found).items() if not met]
    assert [what.split(",")[0] for what in missed] == [
        "process start to the first 200 of /ping",
        "resident memory of a worker",
        "CPU per request",
    ]


def test_what_was_not_measured_is_not_met() -> None:
    nothing = examples.results()
    assert not any(bars_met(nothing).values())
    assert all(bar.measured is None for bar in figures.bars(nothing))


def test_a_peer_that_failed_is_no_best_peer_and_is_named() -> None:
    found = good()
    found.servers.append(
        Server("broken", "Broken", Kind.SKLEARN, "1.0", "", failure="not installed: no java")
    )
    assert all(bars_met(found).values())
    assert report.problems(found) == ["Broken (scikit-learn, as usually run): not installed: no java"]
    assert "not installed: no java" in report.markdown(found, "plot.svg")


def test_each_may_use_its_quickest_format() -> None:
    assert figures.times_in_best_formats(good(), Kind.SKLEARN, 1000) == (9, "CSV against Usual's JSON")


def test_results_come_back_from_json() -> None:
    assert results.from_json(json.loads(json.dumps(good().as_json()))) == good()


def test_the_page_holds_bars_and_servers() -> None:
    page = report.markdown(good(), "plot.svg")
    assert (
        "| one row of JSON: times the best peer as usually run | at least 12 x | 12 x | Usual | yes |" in page
    )
    assert "| Slipway | ours | 1,200 |" in page
    assert "| Slipway | ours | CSV | - | - | 90 | 50 |" in page


@pytest.mark.sandbox
def test_the_same_results_draw_the_same_plot(tmp_path) -> None:
    from bench.serving import plot

    plot.write(good(), tmp_path / "plots" / "plot.svg")
    first = (tmp_path / "plots" / "plot.svg").read_bytes()
    plot.write(good(), tmp_path / "plots" / "plot.svg")
    assert first == (tmp_path / "plots" / "plot.svg").read_bytes()
