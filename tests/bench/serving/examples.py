"""Results of a run that never was: round numbers, so that every ratio can be done in one's head."""

from bench.serving.results import Cell, Kind, Results, Round, Server, Workers
from measuring.results import Load


def cell(rate: float, form: str = "JSON", rows: int = 1, errors: int = 0, tail: float = 3.0) -> Cell:
    """Ten seconds of load; p50 is 1 ms, p99 is `tail` ms, a request costs 50 µs of CPU."""
    requests = round(10 * rate) + errors
    return Cell(form, rows, Load(requests, 10.0, 1.0, tail, errors), cpu_seconds=50e-6 * requests)


def server(key: str, kind: Kind, *rounds: tuple[Cell, ...], start: float = 0.5, rss: float = 80.0) -> Server:
    """A server with these rounds."""
    found = [Round(start, 1, rss, rss / 2, rss + 10, cells) for cells in rounds]
    return Server(key, key.title(), kind, "1.0", "as it comes", found)


def results(*servers: Server, workers: Workers | None = None) -> Results:
    """A run of these servers."""
    settings = {"rounds": 3, "seconds": 4, "brief": 2, "connections": 16}
    about = {"kind": "logistic", "sha256": "ab" * 32}
    return Results(
        "2026-01-01T00:00:00+00:00", {"cores": "2"}, about, settings, list(servers), workers or Workers(16)
    )


def good() -> Results:
    """A run in which every bar is met, most of them only just."""
    return results(
        server(
            "slipway", Kind.OURS, (cell(1200), cell(800, rows=32), cell(90, "CSV", 1000), cell(80, rows=1000))
        ),
        server("nothing-slipway", Kind.NOTHING, (cell(1800),)),
        server("usual", Kind.SKLEARN, (cell(100), cell(100, rows=32), cell(10, rows=1000))),
        server("slow", Kind.SKLEARN, (cell(50), cell(40, rows=32), cell(9, "Parquet", 1000))),
        server("graph", Kind.GRAPH, (cell(240), cell(200, rows=32))),
        workers=Workers(16, [100e-6, 110e-6, 90e-6], [109e-6, 108e-6, 130e-6]),
    )
