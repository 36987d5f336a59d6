"""Our own server, as the image starts it: one worker, telemetry on."""

from bench.serving import payloads as p
from bench.serving.payloads import Wire
from bench.serving.peers.base import HOST, Launch, Peer, Place
from bench.serving.results import Kind
from demo.project import ROOT

ENTRY = ROOT / "model" / "serving" / "serve"
_INVOCATIONS, _INFER = "/invocations", "/v2/models/delays/infer"


def launch(place: Place, workers: int = 1) -> Launch:
    """`serve serve` with the variables that SageMaker sets."""
    return Launch(
        [str(ENTRY), "serve"],
        {
            "SM_MODEL_DIR": str(place.model.artifact),
            "SAGEMAKER_BIND_TO_PORT": str(place.port),
            "SLIPWAY_BIND_HOST": HOST,
            "SAGEMAKER_MODEL_SERVER_WORKERS": str(workers),
        },
    )


SERVERS = (
    Peer(
        key="slipway",
        group="slipway",
        name="Slipway",
        kind=Kind.OURS,
        settings="`serve serve`, one worker, telemetry on",
        distribution="",
        launch=launch,
        ready="/ping",
        wires=(
            Wire("JSON", _INVOCATIONS, p.records, p.predictions),
            Wire("JSON dataframe_split", _INVOCATIONS, p.frame_split, p.predictions),
            Wire("CSV", _INVOCATIONS, p.comma_separated, p.lines),
            Wire("JSON lines", _INVOCATIONS, p.json_lines, p.lines),
            Wire("NumPy", _INVOCATIONS, p.npy, p.predictions),
            Wire("Arrow", _INVOCATIONS, p.arrow, p.predictions),
            Wire("Parquet", _INVOCATIONS, p.parquet, p.predictions),
            Wire("Open Inference JSON", _INFER, p.open_inference, p.first_output),
            Wire("Open Inference binary", _INFER, p.open_inference_binary, p.first_output),
        ),
    ),
)
