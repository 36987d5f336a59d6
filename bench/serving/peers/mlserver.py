"""MLServer: its scikit-learn runtime, with and without batching, and a custom runtime with our graph.

Inference in a pool of other processes is off: on one core that was the quicker setting in all three.
"""

import json
from functools import partial
from typing import Any

from bench.serving import payloads as p
from bench.serving.model_files import PIPELINE
from bench.serving.payloads import Wire
from bench.serving.peers.base import GRAPH, HOST, SKLEARN, Launch, Peer, Place, program
from bench.serving.results import Kind

_INFER = "/v2/models/delays/infer"
_BATCHING = {"max_batch_size": 16, "max_batch_time": 0.005}


def _launch(place: Place, flavour: str, more: dict[str, Any]) -> Launch:
    settings = {
        "host": HOST,
        "http_port": place.ports[0],
        "grpc_port": place.ports[1],
        "metrics_port": place.ports[2],
        "debug": False,
        "parallel_workers": 0,
    }
    runtimes = {SKLEARN: "mlserver_sklearn.SKLearnModel", GRAPH: "mlserver_onnx.OnnxModel"}
    parameters = {"uri": str(place.model.folder / PIPELINE), "version": "1"}
    model = {"name": "delays", "implementation": runtimes[flavour], "parameters": parameters, **more}
    (place.folder / "settings.json").write_text(json.dumps(settings))
    (place.folder / "model-settings.json").write_text(json.dumps(model))
    return Launch([str(place.bin / "mlserver"), "start", str(place.folder)], program(place, flavour))


def _server(
    key: str, kind: Kind, flavour: str, settings: str, wire: Wire, more: dict[str, Any] | None = None
) -> Peer:
    return Peer(
        key=key,
        group="mlserver",
        name="MLServer",
        kind=kind,
        settings=settings,
        distribution="mlserver",
        launch=partial(_launch, flavour=flavour, more=more or {}),
        ready="/v2/models/delays/ready",
        wires=(wire,),
        requirements="mlserver",
        ports=3,
        newest_python=(3, 12),
    )


_FRAME = Wire("JSON", _INFER, p.mlserver_frame, p.first_output)
SERVERS = (
    _server(
        "mlserver-sklearn",
        Kind.SKLEARN,
        SKLEARN,
        "mlserver-sklearn, Open Inference JSON as a data frame, no parallel workers, debug off",
        _FRAME,
    ),
    _server(
        "mlserver-batching",
        Kind.BATCHING,
        SKLEARN,
        f"the same with {_BATCHING}",
        _FRAME,
        _BATCHING,
    ),
    _server(
        "mlserver-graph",
        Kind.GRAPH,
        GRAPH,
        "custom runtime that reads the tensors' data as they are, no parallel workers, debug off",
        Wire("JSON", _INFER, p.open_inference, p.first_output),
    ),
)
