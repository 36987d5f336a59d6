"""One start of one server: its answers compared with scikit-learn's, then the load, format by format."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.serving.model_files import Model
from bench.serving.payloads import Body, Wire
from bench.serving.peers.base import HOST, Peer
from bench.serving.results import Cell, Kind, Round, Server
from bench.serving.running import Running, ServerFailed, running
from measuring import wrk
from measuring.processes import Usage, cpu_between, members, usage
from measuring.results import Load
from model.training.golden import TOLERANCE

MANY = 1000
PATIENCE = 5
_SHOWN = 200


@dataclass(frozen=True)
class LoadProfile:
    """How long and with what. `brief` is for all but JSON of one and of 32 rows, which the bars are about.

    Times are in seconds; wrk takes whole ones.
    """

    connections: int
    warm_up: float
    seconds: float
    brief: float
    sizes: tuple[int, ...]
    json_only: bool
    server_cores: str
    load_cores: str


def run(
    peer: Peer,
    model: Model,
    bin_folder: Path,
    profile: LoadProfile,
    into: Server,
    step: Callable[[str], None],
) -> None:
    """Adds a round to `into`. Raises ServerFailed, and LoadError where no load could be made.

    A server whose JSON does not work has failed; any other format that does not work is noted and left out.
    """
    with running(peer, model, bin_folder, profile.server_cores) as server:
        found: list[Cell] = []
        after_json = Usage(0.0, 0.0, {})
        for index, wire in enumerate(peer.wires[:1] if profile.json_only else peer.wires):
            if wire.name in into.missing:
                continue
            step(f"{peer.name}, {peer.kind}: {wire.name}")
            try:
                found += _format(server, peer, wire, model, profile, into, brief=index > 0)
            except ServerFailed as error:
                if index == 0:
                    raise
                into.missing[wire.name] = str(error)
            if index == 0:
                after_json = usage(members(server.pid))
        into.rounds.append(
            Round(
                start_seconds=server.start_seconds,
                processes=len(after_json.cpu),
                rss=after_json.rss,
                pss=after_json.pss,
                rss_after_all=usage(members(server.pid)).rss,
                cells=tuple(found),
            )
        )


def _format(
    server: Running, peer: Peer, wire: Wire, model: Model, profile: LoadProfile, into: Server, brief: bool
) -> list[Cell]:
    """All sizes of one format: each checked, then, after a warm-up, measured."""
    sizes = [size for size in profile.sizes if size in peer.sizes]
    if peer.kind is not Kind.NOTHING:
        for rows in sizes:
            _check(server, wire, model, rows, into)
    body = wire.encode(model.rows[sizes[0]])
    load(server, wire.path, body, profile.connections, profile.warm_up, profile.load_cores)
    return [
        _measure(
            server, wire, model, rows, profile, profile.brief if brief or rows >= MANY else profile.seconds
        )
        for rows in sizes
    ]


def _check(server: Running, wire: Wire, model: Model, rows: int, into: Server) -> None:
    """Compares the answer with scikit-learn's scores: nobody is measured answering wrongly."""
    status, answer = server.ask(wire.path, wire.encode(model.rows[rows]))
    if status != 200:
        raise ServerFailed(f"{wire.name}, {rows} rows: {status} {answer[:_SHOWN].decode(errors='replace')}")
    try:
        scores = np.array(wire.decode(answer))
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise ServerFailed(
            f"{wire.name}, {rows} rows: an answer without scores: {answer[:_SHOWN]!r}"
        ) from error
    if scores.shape != model.scores[rows].shape:
        raise ServerFailed(f"{wire.name}, {rows} rows: {scores.size} scores")
    off = float(np.abs(scores - model.scores[rows]).max())
    if not off <= TOLERANCE:
        raise ServerFailed(f"{wire.name}, {rows} rows: scores are {off:.2g} away from scikit-learn's")
    into.off_by = max(into.off_by, off)


def _measure(
    server: Running, wire: Wire, model: Model, rows: int, profile: LoadProfile, seconds: float
) -> Cell:
    """The load of one size, for longer where no request was answered in the time."""
    body = wire.encode(model.rows[rows])
    for duration in (seconds, PATIENCE * seconds):
        before = usage(members(server.pid))
        seen = load(server, wire.path, body, profile.connections, duration, profile.load_cores)
        spent = cpu_between(before, usage(members(server.pid)))
        if seen.requests:
            return Cell(wire.name, rows, seen, spent)
    raise ServerFailed(f"{wire.name}, {rows} rows: no request was answered under load")


def load(server: Running, path: str, body: Body, connections: int, seconds: float, cores: str) -> Load:
    """Posts the body for some seconds."""
    file = server.folder / "body"
    file.write_bytes(body.content)
    return wrk.run(f"http://{HOST}:{server.port}{path}", body.headers, file, connections, seconds, cores)
