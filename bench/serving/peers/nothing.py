"""Servers that read a request and answer a constant: what HTTP alone costs, in three forms."""

import sys
from functools import partial

from bench.serving import payloads as p
from bench.serving.payloads import Wire
from bench.serving.peers.base import HOST, Launch, Peer, Place, program
from bench.serving.results import Kind


def _uvicorn(place: Place, loop: str) -> Launch:
    argv = [str(place.bin / "uvicorn"), "do_nothing_asgi:app", "--host", HOST, "--port", str(place.port)]
    argv += ["--http", "httptools", "--loop", loop, "--log-level", "warning", "--no-access-log"]
    return Launch(argv, program(place, ""))


def _own(place: Place) -> Launch:
    return Launch([sys.executable, "-m", "bench.serving.do_nothing", str(place.port)])


_CONSTANT = Wire("JSON", "/invocations", p.records, p.predictions)


def _server(key: str, name: str, settings: str, loop: str) -> Peer:
    return Peer(
        key=key,
        group="nothing",
        name=name,
        kind=Kind.NOTHING,
        settings=settings,
        distribution="uvicorn",
        launch=partial(_uvicorn, loop=loop),
        ready="/ping",
        wires=(_CONSTANT,),
        requirements="uvicorn",
        sizes=(1,),
    )


SERVERS = (
    Peer(
        key="nothing-slipway",
        group="nothing",
        name="Slipway without a model, answering a constant",
        kind=Kind.NOTHING,
        settings="asyncio, httptools, request ids, telemetry; no model",
        distribution="",
        launch=_own,
        ready="/ping",
        wires=(_CONSTANT,),
        sizes=(1,),
    ),
    _server(
        "nothing-asyncio",
        "uvicorn on asyncio's loop, a bare ASGI application",
        "the loop and the parser that Slipway has",
        "asyncio",
    ),
    _server(
        "nothing-uvloop",
        "uvicorn on uvloop, a bare ASGI application",
        "uvicorn[standard] as installed: uvloop, httptools",
        "uvloop",
    ),
)
