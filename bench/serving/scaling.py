"""Our server with one worker and with two: seconds of CPU per request.

Server and load share both cores, so throughput would say nothing. Each worker has as many connections as the
one has: what a request costs depends on how many arrive together, and that is to be the same.
"""

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from bench.serving.model_files import Model
from bench.serving.payloads import records
from bench.serving.peers import ours
from bench.serving.results import Workers
from bench.serving.running import running
from bench.serving.trial import load
from measuring.processes import cpu_between, members, usage


@dataclass(frozen=True)
class Load:
    """What each worker gets."""

    connections: int
    warm_up: float
    seconds: float
    cores: str


def measure(model: Model, bin_folder: Path, rounds: int, share: Load) -> Workers:
    """Rounds of one and of two workers in turn. Raises ServerFailed and LoadError."""
    found = Workers(share.connections)
    for _ in range(rounds):
        found.one.append(_cpu_per_request(model, bin_folder, 1, share))
        found.two.append(_cpu_per_request(model, bin_folder, 2, share))
    return found


def _cpu_per_request(model: Model, bin_folder: Path, workers: int, share: Load) -> float:
    peer = ours.SERVERS[0]
    body = records(model.rows[1])
    several = replace(peer, launch=partial(ours.launch, workers=workers))
    with running(several, model, bin_folder, share.cores) as server:
        post = partial(load, server, peer.wires[0].path, body, share.connections * workers)
        post(seconds=share.warm_up, cores=share.cores)
        before = usage(members(server.pid))
        seen = post(seconds=share.seconds, cores=share.cores)
        return cpu_between(before, usage(members(server.pid))) / max(seen.requests, 1)
