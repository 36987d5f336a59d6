"""`mlflow models serve`: the scikit-learn flavour, and our graph as a Python model.

MLflow's ONNX flavour gives a graph vectors where ours asks for columns, so a Python model feeds it. The
logistic model has no signature: with one every request is checked against it, which costs a third of the
throughput. The booster needs one, because it is what tells MLflow that numbers are float32.
"""

from functools import partial

from bench.serving import payloads as p
from bench.serving.payloads import Wire
from bench.serving.peers.base import GRAPH, HOST, PROGRAMS, SKLEARN, Launch, Peer, Place, program
from bench.serving.results import Kind

_MODEL = "model"
_PATH = "/invocations"


def _save(place: Place, flavour: str) -> Launch:
    argv = [str(place.bin / "python"), str(PROGRAMS / "mlflow_save.py"), str(place.folder / _MODEL)]
    return Launch(argv, program(place, flavour))


def _launch(place: Place, flavour: str) -> Launch:
    argv = [str(place.bin / "mlflow"), "models", "serve", "--model-uri", str(place.folder / _MODEL)]
    argv += ["--env-manager", "local", "--host", HOST, "--port", str(place.port), "--workers", "1"]
    quiet = {"UVICORN_LOG_LEVEL": "warning", "UVICORN_ACCESS_LOG": "false"}
    return Launch(argv, program(place, flavour) | quiet)


def _server(key: str, kind: Kind, flavour: str, settings: str) -> Peer:
    return Peer(
        key=key,
        group="mlflow",
        name="MLflow",
        kind=kind,
        settings=settings,
        distribution="mlflow",
        launch=partial(_launch, flavour=flavour),
        before=partial(_save, flavour=flavour),
        ready="/ping",
        wires=(
            Wire("JSON", _PATH, p.frame_split, p.predictions),
            Wire("CSV", _PATH, p.comma_separated, p.predictions),
        ),
        requirements="mlflow",
    )


SERVERS = (
    _server(
        "mlflow-sklearn",
        Kind.SKLEARN,
        SKLEARN,
        "`mlflow models serve`, scikit-learn flavour, dataframe_split, access log off",
    ),
    _server("mlflow-graph", Kind.GRAPH, GRAPH, "the same with a Python model around onnxruntime"),
)
