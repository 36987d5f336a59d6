"""sagemaker-inference-toolkit: its handler service behind multi-model-server, its Java frontend.

Started with the command and the settings of the toolkit's own `start_model_server`, which would write them to
/etc and listen on every interface; here they are in a folder of ours and name the loopback.
"""

import shutil
from functools import partial

from bench.serving import payloads as p
from bench.serving.payloads import Wire
from bench.serving.peers.base import GRAPH, HOST, PROGRAMS, SKLEARN, Launch, Peer, Place, program
from bench.serving.results import Kind

_PROPERTIES = """enable_envvars_config=true
decode_input_request=false
load_models=ALL
default_response_timeout=60
default_workers_per_model=1
inference_address=http://{address}
management_address=http://{address}
vmargs=-XX:-UseContainerSupport
default_service_handler=sagemaker_inference.default_handler_service
"""
_LOGGING = "lib/python*/site-packages/sagemaker_inference/etc/log4j2.xml"


def _launch(place: Place, flavour: str) -> Launch:
    code = place.folder / "model" / "code"
    code.mkdir(parents=True)
    shutil.copy(PROGRAMS / "sagemaker_code.py", code / "inference.py")
    properties = place.folder / "mms.properties"
    properties.write_text(_PROPERTIES.format(address=f"{HOST}:{place.port}"))
    argv = [str(place.bin / "multi-model-server"), "--start", "--foreground"]
    argv += ["--model-store", "/", "--mms-config", str(properties)]
    argv += ["--log-config", str(next(place.bin.parent.glob(_LOGGING)))]
    argv += ["--models", f"model={code.parent}"]
    env = program(place, flavour)
    env |= {
        "PYTHONPATH": f"{code}:{env['PYTHONPATH']}",
        "SAGEMAKER_BASE_DIR": str(place.folder),
        "TMPDIR": str(place.folder),
        "TEMP": str(place.folder),
        "LOG_LOCATION": str(place.folder / "logs"),
        "METRICS_LOCATION": str(place.folder / "logs"),
    }
    return Launch(argv, env)


def _server(key: str, kind: Kind, flavour: str, settings: str) -> Peer:
    return Peer(
        key=key,
        group="sagemaker",
        name="sagemaker-inference-toolkit",
        kind=kind,
        settings=settings,
        distribution="sagemaker-inference",
        launch=partial(_launch, flavour=flavour),
        ready="/ping",
        wires=(
            Wire("JSON", "/invocations", p.records, p.predictions),
            Wire("CSV", "/invocations", p.comma_separated, p.predictions),
        ),
        requirements="sagemaker_toolkit",
        needs=("java",),
    )


SERVERS = (
    _server(
        "sagemaker-sklearn",
        Kind.SKLEARN,
        SKLEARN,
        "multi-model-server, one worker, `inference.py` with pandas",
    ),
    _server("sagemaker-graph", Kind.GRAPH, GRAPH, "the same with onnxruntime in `inference.py`"),
)
