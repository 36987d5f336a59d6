"""What answers requests once the artifact is loaded: the default model, and handlers of other paths.

Imported when the model is loaded and not before: it brings numpy and ONNX Runtime.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from model.serving.application import Handler, Predictor
from model.serving.capture.keeper import Keeper
from model.serving.keeping import Keeping
from model.serving.models.catalog import load_models
from model.serving.open_inference.routes import OpenInference
from model.serving.openapi.routes import DOCUMENT, PAGES, Documentation
from model.serving.predictor import Model
from model.serving.telemetry.bins import Scale
from model.serving.telemetry.exposition import ModelInfo


class Service(NamedTuple):
    """What `Application.ready` takes, and what telemetry asks: the models by name, the default one first, how
    many values were missing in what they have scored, and the scale of the default one's scores; `keeper`
    keeps what the default one answers."""

    predictor: Predictor
    handlers: Mapping[str, Handler]
    models: Sequence[ModelInfo]
    missing: Callable[[], int]
    scale: Scale
    keeper: Keeper


def load_service(
    folder: Path,
    is_ready: Callable[[], bool],
    max_body: int,
    unnamed: bool = True,
    keeping: Keeping | None = None,
) -> Service:
    """The service of the artifact in `folder`; bodies have at most `max_body` bytes, and rows without names
    if `unnamed`. What is kept of its answers, `keeping` says. Raises ArtifactError."""
    loaded = load_models(folder)
    default = loaded.default
    keeper = Keeper(keeping)
    keeper.describe(default.schema)
    return Service(
        Model(default.schema, default.scorer, unnamed, keeper),
        {
            "/v2/": OpenInference(loaded, is_ready).handle,
            **dict.fromkeys((DOCUMENT, *PAGES), Documentation(loaded, max_body).handle),
        },
        [ModelInfo(served.name, served.version, served.sha256) for served in loaded.all],
        lambda: sum(served.scorer.missing for served in loaded.all),
        Scale(*default.schema.output.counted),
        keeper,
    )
