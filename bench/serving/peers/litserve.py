"""LitServe as its README shows it: the scikit-learn pipeline, with and without batching, and our graph.

Its ZeroMQ queue is off: on one core the default was the quicker one.
"""

from functools import partial

from bench.serving import payloads as p
from bench.serving.payloads import Wire
from bench.serving.peers.base import GRAPH, PROGRAMS, SKLEARN, Launch, Peer, Place, program
from bench.serving.results import Kind


def _launch(place: Place, flavour: str, batch: int) -> Launch:
    argv = [str(place.bin / "python"), str(PROGRAMS / "litserve_app.py"), str(place.port), str(batch)]
    return Launch(argv, program(place, flavour))


def _server(key: str, kind: Kind, flavour: str, batch: int, settings: str) -> Peer:
    return Peer(
        key=key,
        group="litserve",
        name="LitServe",
        kind=kind,
        settings=settings,
        distribution="litserve",
        launch=partial(_launch, flavour=flavour, batch=batch),
        ready="/health",
        wires=(Wire("JSON", "/predict", p.records, p.predictions),),
        requirements="litserve",
    )


_BATCHED = "max_batch_size=16, batch_timeout=0.002"
SERVERS = (
    _server(
        "litserve-sklearn", Kind.SKLEARN, SKLEARN, 1, "a LitAPI, one worker, one API server, no batching"
    ),
    _server("litserve-batching", Kind.BATCHING, SKLEARN, 16, f"the same with {_BATCHED}"),
    _server("litserve-graph", Kind.GRAPH, GRAPH, 16, f"the same LitAPI with onnxruntime, {_BATCHED}"),
)
