"""All rounds of all servers, interleaved: in a round each server is started, loaded and ended once.

A server that cannot be installed, started or trusted is reported with the reason, and the rest goes on.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bench.serving import environments, machine, model_files, scaling, trial
from bench.serving.environments import CannotInstall, Environment
from bench.serving.model_files import Model
from bench.serving.peers.base import Peer
from bench.serving.results import Results, Server
from bench.serving.running import ServerFailed
from bench.serving.trial import LoadProfile
from measuring.wrk import LoadError

Step = Callable[[str], None]


@dataclass(frozen=True)
class Order:
    """What to do. `seconds` are those of one load."""

    peers: list[Peer]
    model: str
    rounds: int
    seconds: int
    brief: int
    connections: int
    sizes: tuple[int, ...]
    json_only: bool
    folder: Path
    """Where environments and models are kept."""


def run(order: Order, step: Step, note: Step) -> Results:
    """The results of everything in `order`. Raises ModelError when there is no model."""
    about = machine.describe()
    step(f"the model: ./slipway train --model {order.model}")
    model = model_files.train(order.model, order.folder / "model" / order.model)
    results = Results(
        at=datetime.now(UTC).isoformat(timespec="seconds"),
        machine=about,
        model={"kind": model.kind, "sha256": model.checksum},
        settings={
            "rounds": order.rounds,
            "seconds": order.seconds,
            "brief": order.brief,
            "connections": order.connections,
        },
    )
    ready = _install(order, results, step, note)
    server_cores, load_cores = machine.cores()
    profile = LoadProfile(
        order.connections,
        1.0,
        order.seconds,
        order.brief,
        order.sizes,
        order.json_only,
        server_cores,
        load_cores,
    )
    for number in range(order.rounds):
        step(f"round {number + 1} of {order.rounds}")
        for peer, server, environment in ready:
            if not server.failure:
                _round(peer, server, environment, model, profile, note)
    step("CPU per request with one worker and with two")
    _scale(order, results, model, f"{server_cores},{load_cores}", note)
    return results


def _install(
    order: Order, results: Results, step: Step, note: Step
) -> list[tuple[Peer, Server, Environment]]:
    ready = []
    for peer in order.peers:
        server = Server(peer.key, peer.name, peer.kind, "", peer.settings)
        results.servers.append(server)
        step(f"{peer.name}, {peer.kind}: its environment")
        try:
            environment = environments.prepare(peer, order.folder / "envs")
        except CannotInstall as error:
            server.failure = f"not installed: {error}"
            note(f"{peer.name}: {server.failure}")
            continue
        server.version = environment.version
        ready.append((peer, server, environment))
    return ready


def _round(
    peer: Peer, server: Server, environment: Environment, model: Model, profile: LoadProfile, note: Step
) -> None:
    try:
        trial.run(peer, model, environment.bin, profile, server, note)
    except (ServerFailed, LoadError) as error:
        server.failure = f"{error}"
        note(f"{peer.name}, {peer.kind}: {server.failure}")


def _scale(order: Order, results: Results, model: Model, cores: str, note: Step) -> None:
    environment = environments.prepare(order.peers[0], order.folder / "envs")
    load = scaling.Load(order.connections, 1.0, order.seconds, cores)
    try:
        results.workers = scaling.measure(model, environment.bin, order.rounds, load)
    except (ServerFailed, LoadError) as error:
        results.workers.failure = str(error)
        note(f"two workers: {error}")
