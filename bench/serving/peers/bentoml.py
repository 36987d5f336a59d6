"""BentoML: a service with the scikit-learn pipeline, with and without batching, and with our graph."""

from functools import partial

from bench.serving import payloads as p
from bench.serving.payloads import Wire
from bench.serving.peers.base import GRAPH, HOST, SKLEARN, Launch, Peer, Place, program
from bench.serving.results import Kind


def _launch(place: Place, flavour: str) -> Launch:
    argv = [str(place.bin / "bentoml"), "serve", "bentoml_app:Delays"]
    argv += ["--host", HOST, "--port", str(place.port)]
    more = {"BENTOML_HOME": str(place.folder / "home"), "BENTOML_DO_NOT_TRACK": "True"}
    return Launch(argv, program(place, flavour) | more)


def _server(key: str, kind: Kind, flavour: str, settings: str, paths: tuple[str, ...]) -> Peer:
    forms = (("JSON", p.records), ("JSON columns", p.columns))
    return Peer(
        key=key,
        group="bentoml",
        name="BentoML",
        kind=kind,
        settings=settings,
        distribution="bentoml",
        launch=partial(_launch, flavour=flavour),
        ready="/readyz",
        wires=tuple(
            Wire(name, path, encode, p.bare_list) for (name, encode), path in zip(forms, paths, strict=False)
        ),
        requirements="bentoml",
    )


SERVERS = (
    _server(
        "bentoml-sklearn",
        Kind.SKLEARN,
        SKLEARN,
        "a service, one worker, access log off",
        ("/predict", "/predict_columns"),
    ),
    _server(
        "bentoml-batching",
        Kind.BATCHING,
        SKLEARN,
        "the same with batchable=True, max_latency_ms=1000",
        ("/predict_batched",),
    ),
    _server(
        "bentoml-graph",
        Kind.GRAPH,
        GRAPH,
        "an asynchronous API with onnxruntime, one worker, access log off",
        ("/predict_async", "/predict_columns_async"),
    ),
)
