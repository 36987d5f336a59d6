"""docs/serving-benchmark.md and the tables for a terminal, from results. Nothing is typed by hand."""

from collections.abc import Callable, Sequence

from rich.table import Table

from bench.markdown import table
from bench.serving import figures as f
from bench.serving.figures import Bar
from bench.serving.results import Kind, Results, Server

HEAD = """# Serving, measured

Written by `make bench-serving`; do not edit. Every server has the same model ({kind}, made by `./slipway
train`, artifact SHA-256 `{sha}`), computes on one thread, runs one worker pinned to one core, and
answers {connections} connections of a load generator on the other core. Each round starts each server
once, warms it up and loads it for {seconds} s ({brief} s for 1,000 rows and for other formats than
JSON); {rounds} rounds, interleaved; medians. Before each load its answers are compared with
scikit-learn's scores (at most 1e-5 away)."""
KINDS = """- **as usually run**: the fitted scikit-learn pipeline from joblib, as the product documents it.
- **batching on**: the same, with the product's own batching of requests that come together, if any.
- **our ONNX graph**: custom code around onnxruntime, as a competent user of it would write it.
- **does nothing**: reads the request and answers a constant of the same size."""
NOTES = """CPU per request is user and system time of all the server's processes, from /proc, over the
requests. Memory is that of all its processes after the load in JSON; PSS counts shared pages in parts.
Start is from the start of the process to the first 200 of its health path, on its one core. Two workers
run on both cores, which they share with the load, so there CPU per request is compared and not
throughput. Only HTTP is measured; MLServer and BentoML also speak gRPC."""
_DASH = "-"


def markdown(results: Results, plot: str) -> str:
    """The whole page; `plot` is the plot's path from it."""
    sizes = [rows for rows in (1, 32, 1000) if any(f.rate(s, f.JSON, rows) for s in results.servers)]
    head = HEAD.format(kind=results.model["kind"], sha=results.model["sha256"][:12], **results.settings)
    parts = [head, KINDS, "## The bars", _bars(f.bars(results)), _besides(results)]
    parts += [f"![requests per second]({plot})", "## JSON"]
    parts += [f"**{rows:,} {'row' if rows == 1 else 'rows'}**\n\n{_json(results, rows)}" for rows in sizes]
    parts += ["## Other formats", _others(results), "## Memory, start, errors", NOTES, _house(results)]
    parts += [_workers(results), "## How each is run", _settings(results)]
    if failed := problems(results):
        parts += ["## Not measured", "\n".join(f"- {line}" for line in failed)]
    parts += ["## The machine", _machine(results)]
    return "\n\n".join(part for part in parts if part) + "\n"


def terminal(results: Results) -> list[Table]:
    """The bars and the servers, for people at a terminal."""
    bars = _rich("", "bar", "bound", "measured", "")
    for bar in f.bars(results):
        word = "[green]met[/green]" if bar.met else "[red]missed[/red]"
        if bar.measured is None:
            word = ""
        bars.add_row(bar.what + (f" ({bar.against})" if bar.against else ""), _bound(bar), _value(bar), word)
    servers = _rich(
        "", "server", "kind", "1 row/s", "p50 ms", "p99 ms", "µs CPU", "32 rows/s", "1,000 rows/s"
    )
    for server in _ordered(results, 1):
        servers.add_row(*_summary(server))
    return [servers, bars]


def problems(results: Results) -> list[str]:
    """What was not measured, and why, a line each."""
    found = [f"{s.name} ({s.kind}): {s.failure}" for s in results.servers if s.failure]
    found += [
        f"{s.name} ({s.kind}), {form}: {why}" for s in results.servers for form, why in s.missing.items()
    ]
    if results.workers.failure:
        found.append(f"two workers: {results.workers.failure}")
    return found


def _rich(title: str, *columns: str) -> Table:
    table = Table(title=title or None, box=None, pad_edge=False)
    for index, column in enumerate(columns):
        table.add_column(column, justify="left" if index < 1 else "right")
    return table


def _summary(server: Server) -> tuple[str, ...]:
    at = [_number(f.rate(server, f.JSON, rows)) for rows in (1, 32, 1000)]
    one = _latency(server, f.JSON, 1)
    return (
        server.name,
        str(server.kind),
        at[0],
        *one,
        _number(f.cpu_per_request(server, f.JSON, 1)),
        *at[1:],
    )


def _bars(bars: Sequence[Bar]) -> str:
    rows = [
        (bar.what, _bound(bar), _value(bar), bar.against or "", "yes" if bar.met else "**no**")
        for bar in bars
    ]
    return table(("what", "bar", "measured", "best peer", "met"), rows)


def _besides(results: Results) -> str:
    found = f.besides(results)
    return "For comparison, without a bar:\n\n" + table(("what", "measured"), found) if found else ""


def _json(results: Results, rows: int) -> str:
    ours = f.find(results, f.OURS)
    mine = f.rate(ours, f.JSON, rows) if ours else None
    lines = []
    for server in _ordered(results, rows):
        rate = f.rate(server, f.JSON, rows)
        times = f"{mine / rate:.1f}x" if mine and rate and server is not ours else ""
        cpu = _number(f.cpu_per_request(server, f.JSON, rows))
        lines.append(
            (
                server.name,
                str(server.kind),
                _number(rate),
                _spread(server, rows),
                times,
                *_latency(server, f.JSON, rows),
                cpu,
            )
        )
    head = (
        "server",
        "kind",
        "requests/s",
        "lowest to highest round",
        "ours is",
        "p50 ms",
        "p99 ms",
        "µs CPU per request",
    )
    return table(head, lines)


def _others(results: Results) -> str:
    lines = []
    for server in results.servers:
        for form in f.formats(server)[1:]:
            rates = [_number(f.rate(server, form, rows)) for rows in (1, 32, 1000)]
            micros = f.cpu_per_request(server, form, 1000)
            lines.append((server.name, str(server.kind), form, *rates, _number(micros)))
    head = ("server", "kind", "format", "1 row/s", "32 rows/s", "1,000 rows/s", "µs CPU, 1,000 rows")
    return table(head, lines) if lines else ""


def _house(results: Results) -> str:
    lines = []
    for server in results.servers:
        if not server.rounds:
            continue
        starts = [f"{r.start_seconds:.2f}" for r in server.rounds]
        lines.append(
            (
                server.name,
                str(server.kind),
                _number(f.of_rounds(server, lambda r: r.processes)),
                _number(f.of_rounds(server, lambda r: r.rss)),
                _number(f.of_rounds(server, lambda r: r.pss)),
                _number(f.of_rounds(server, lambda r: r.rss_after_all)) if len(f.formats(server)) > 1 else "",
                ", ".join(starts),
                f"{f.errors(server):,}",
                f"{server.off_by:.0e}" if server.kind is not Kind.NOTHING else "",
            )
        )
    head = (
        "server",
        "kind",
        "processes",
        "RSS MB",
        "PSS MB",
        "RSS MB, all formats",
        "start s",
        "errors",
        "off by at most",
    )
    return table(head, lines)


def _workers(results: Results) -> str:
    workers = results.workers
    if not workers.one or not workers.two:
        return ""
    lines = [
        (name, ", ".join(f"{1e6 * value:.1f}" for value in values))
        for name, values in (("one", workers.one), ("two", workers.two))
    ]
    title = f"Our workers, {workers.connections_each} connections each, one row of JSON:"
    return f"{title}\n\n{table(('workers', 'µs CPU per request, each round'), lines)}"


def _settings(results: Results) -> str:
    lines = [(s.name, str(s.kind), s.version, s.settings) for s in results.servers]
    return table(("server", "kind", "version", "settings"), lines)


def _machine(results: Results) -> str:
    return table(("what", "value"), [("measured at", results.at), *results.machine.items()])


def _ordered(results: Results, rows: int) -> list[Server]:
    """Those that were measured, the quickest first."""
    known = [(f.rate(server, f.JSON, rows), server) for server in results.servers]
    found = [(rate, server) for rate, server in known if rate]
    return [server for _, server in sorted(found, key=lambda pair: -pair[0])]


def _spread(server: Server, rows: int) -> str:
    rates = [cell.load.rate for cell in f.cells(server, f.JSON, rows)]
    return f"{min(rates):,.0f} to {max(rates):,.0f}" if len(rates) > 1 else ""


def _latency(server: Server, form: str, rows: int) -> tuple[str, str]:
    picks: tuple[Callable[[f.Cell], float], ...] = (lambda c: c.load.p50_ms, lambda c: c.load.p99_ms)
    found = [f.of_cells(server, form, rows, pick) for pick in picks]
    return (_digits(found[0]), _digits(found[1]))


def _bound(bar: Bar) -> str:
    return f"{'at least' if bar.at_least else 'at most'} {bar.bound:g} {bar.unit}"


def _value(bar: Bar) -> str:
    return "not measured" if bar.measured is None else f"{_digits(bar.measured)} {bar.unit}"


def _digits(value: float | None) -> str:
    """Three digits that mean something."""
    if value is None:
        return _DASH
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _number(value: float | None) -> str:
    return _DASH if value is None else f"{value:,.0f}"
