"""Medians, ratios and bars from the results of a run. Pure: values in, values out."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from statistics import median

from bench.serving.results import Cell, Kind, Results, Round, Server

JSON = "JSON"
OURS = "slipway"
OWN_NOTHING = "nothing-slipway"
"""The server that is ours without a model, answering a constant."""


@dataclass(frozen=True)
class Bar:
    """One promise: `measured` (None: not measured) against `bound`, which it reaches or stays under."""

    what: str
    bound: float
    at_least: bool
    unit: str
    measured: float | None
    against: str = ""

    @property
    def met(self) -> bool:
        """Whether it is; what was not measured is not met."""
        if self.measured is None:
            return False
        return self.measured >= self.bound if self.at_least else self.measured <= self.bound


def cells(server: Server, form: str, rows: int) -> list[Cell]:
    """The rounds of one format and size."""
    return [cell for r in server.rounds for cell in r.cells if (cell.format, cell.rows) == (form, rows)]


def of_cells(server: Server, form: str, rows: int, measure: Callable[[Cell], float]) -> float | None:
    """The median over the rounds, None where there was none."""
    return _median(measure(cell) for cell in cells(server, form, rows))


def of_rounds(server: Server, measure: Callable[[Round], float]) -> float | None:
    """The median over the rounds, None where there was none."""
    return _median(measure(r) for r in server.rounds)


def rate(server: Server, form: str, rows: int) -> float | None:
    """Good answers a second, the median."""
    return of_cells(server, form, rows, lambda cell: cell.load.rate)


def cpu_per_request(server: Server, form: str, rows: int) -> float | None:
    """Microseconds of CPU for one request, the median."""
    return of_cells(server, form, rows, lambda cell: 1e6 * cell.cpu_seconds / max(cell.load.requests, 1))


def errors(server: Server) -> int:
    """All errors under load."""
    return sum(cell.load.errors for r in server.rounds for cell in r.cells)


def formats(server: Server) -> list[str]:
    """The formats that were measured, JSON first."""
    return list(dict.fromkeys(cell.format for r in server.rounds for cell in r.cells))


def find(results: Results, key: str) -> Server | None:
    """The server of this key, if it was measured."""
    return next((server for server in results.servers if server.key == key and server.rounds), None)


def best(results: Results, kind: Kind, form: str, rows: int) -> tuple[Server, float] | None:
    """The quickest server of a kind that answered right, with its rate."""
    found = [(server, rate(server, form, rows)) for server in results.servers if server.kind is kind]
    known = [(server, value) for server, value in found if value]
    return max(known, key=lambda pair: pair[1]) if known else None


def times(results: Results, kind: Kind, rows: int) -> tuple[float | None, str]:
    """Our rate over that of the best peer of a kind, JSON; and that peer's name."""
    ours, peer = find(results, OURS), best(results, kind, JSON, rows)
    mine = rate(ours, JSON, rows) if ours else None
    if mine is None or peer is None:
        return None, peer[0].name if peer else ""
    return mine / peer[1], peer[0].name


def best_format(server: Server, rows: int) -> tuple[str, float] | None:
    """The format in which it is quickest, with its rate."""
    found = [(form, rate(server, form, rows)) for form in formats(server)]
    known = [(form, value) for form, value in found if value]
    return max(known, key=lambda pair: pair[1]) if known else None


def times_in_best_formats(results: Results, kind: Kind, rows: int) -> tuple[float, str] | None:
    """Our rate in our quickest format over that of the best peer of a kind in its own; and what they are."""
    ours = find(results, OURS)
    mine = best_format(ours, rows) if ours else None
    theirs = [(s.name, best_format(s, rows)) for s in results.servers if s.kind is kind]
    known = [(name, *found) for name, found in theirs if found]
    if mine is None or not known:
        return None
    name, form, value = max(known, key=lambda each: each[2])
    return mine[1] / value, f"{mine[0]} against {name}'s {form}"


def share_of_nothing(results: Results, key: str) -> float | None:
    """Our rate, one row of JSON, as a percentage of a server that does nothing."""
    ours, nothing = find(results, OURS), find(results, key)
    mine = rate(ours, JSON, 1) if ours else None
    theirs = rate(nothing, JSON, 1) if nothing else None
    return 100 * mine / theirs if mine and theirs else None


def tail(server: Server | None) -> float | None:
    """p99 over p50, one row of JSON, the median of the rounds."""
    if server is None:
        return None
    return of_cells(server, JSON, 1, lambda cell: cell.load.p99_ms / cell.load.p50_ms)


def scaling(results: Results) -> float | None:
    """CPU per request with two workers over that with one, in per cent above (or below) it."""
    one, two = _median(results.workers.one), _median(results.workers.two)
    return 100 * (two / one - 1) if one and two else None


def bars(results: Results) -> list[Bar]:
    """The promises, in order."""
    ours = find(results, OURS)
    usual, usual_peer = times(results, Kind.SKLEARN, 1)
    graph, graph_peer = times(results, Kind.GRAPH, 1)
    many, many_peer = times(results, Kind.SKLEARN, 32)
    nothing = share_of_nothing(results, OWN_NOTHING)
    start = of_rounds(ours, lambda r: r.start_seconds) if ours else None
    memory = of_rounds(ours, lambda r: r.rss) if ours else None
    return [
        Bar("one row of JSON: times the best peer as usually run", 12, True, "x", usual, usual_peer),
        Bar("one row of JSON: times the best peer with our ONNX graph", 5, True, "x", graph, graph_peer),
        Bar("one row of JSON: of the same server without a model", 65, True, "%", nothing),
        Bar("one row of JSON: p99 over p50", 4, False, "x", tail(ours)),
        Bar("32 rows of JSON: times the best peer as usually run", 8, True, "x", many, many_peer),
        Bar("process start to the first 200 of /ping", 0.9, False, "s", start),
        Bar("resident memory of a worker, after the load in JSON", 120, False, "MB", memory),
        Bar("CPU per request, two workers against one", 10, False, "% more", scaling(results)),
    ]


def besides(results: Results) -> list[tuple[str, str]]:
    """Ratios that no bar bounds, for whoever wants to know: what, and how much."""
    found = []
    for kind in (Kind.SKLEARN, Kind.BATCHING, Kind.GRAPH):
        for rows in (1, 32, 1000):
            value, peer = times(results, kind, rows)
            if value is not None:
                found.append(
                    (f"{_rows(rows)} of JSON: times the best peer ({kind})", f"{value:.1f}x, {peer}")
                )
    for kind in (Kind.SKLEARN, Kind.GRAPH):
        if pair := times_in_best_formats(results, kind, 1000):
            found.append((f"1,000 rows, each in its quickest format ({kind})", f"{pair[0]:.1f}x, {pair[1]}"))
    for server in results.servers:
        if server.kind is Kind.NOTHING and (value := share_of_nothing(results, server.key)) is not None:
            found.append((f"one row of JSON: of {server.name}", f"{value:.0f} %"))
    return found


def _rows(count: int) -> str:
    return "one row" if count == 1 else f"{count:,} rows"


def _median(values: Iterable[float]) -> float | None:
    known = list(values)
    return median(known) if known else None
