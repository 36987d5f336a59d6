"""Whether a service's pipelines can become a graph, as far as that shows before anything is trained.

What only shows when a fitted pipeline is converted is said by `model.training.export`, and a graph that is
wrong by the parity gate.
"""

from collections.abc import Iterator
from typing import Any

from sklearn.base import BaseEstimator, is_classifier, is_regressor
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.pipeline import FeatureUnion, Pipeline

from model.contract import Service
from model.training import boosters, targets
from model.training.errors import ExportError

_INSTALL = "Install it, in the checkout: .tools/bin/uv pip install --python .venv/bin/python"


def refuse_unconvertible(service: Service, model: str) -> None:
    """Raise ExportError where the pipeline `model`, or the yardstick beside it, needs a package that is not
    installed, or where `model` has a step that nothing turns into a graph."""
    if service.yardstick not in (None, model):
        _built(service, service.yardstick or model)
    pipeline = _built(service, model)
    boosters.register()
    targets.register()
    if unknown := [step for step in _steps(pipeline) if not _is_known(step)]:
        raise _refused(unknown[0])
    alone = len(pipeline.steps) == 1 and (is_classifier(pipeline) or is_regressor(pipeline))
    if alone and len(service.features) > 1:
        raise ExportError(
            f"The pipeline {model!r} is {_name(pipeline[-1])} alone, beside "
            f"{len(service.features)} features.",
            "The graph has an input for each, and nothing in the pipeline brings them together. Nothing was "
            "trained.",
            "Put a step before it: a ColumnTransformer, with 'passthrough' for what stays as it is.",
        )


def _built(service: Service, model: str) -> Pipeline:
    try:
        return service.build(model)
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        wanted = boosters.INSTALLS.get(package, package)
        raise ExportError(
            f"The pipeline {model!r} of {service.name} needs the package {package or error}, which is not "
            "installed.",
            "Nothing was trained.",
            f"{_INSTALL} {wanted}",
        ) from error


def _steps(step: Any) -> Iterator[BaseEstimator]:
    """The estimators of which each is converted by itself; what lies inside of one is its converter's."""
    match step:
        case Pipeline():
            inner = [each for _, each in step.steps]
        case ColumnTransformer():
            inner = [each for _, each, *_ in step.transformers]
        case FeatureUnion():
            inner = [each for _, each in step.transformer_list]
        case TransformedTargetRegressor():
            yield step
            inner = [step.regressor]
        case BaseEstimator():
            yield step
            return
        case _:  # "passthrough", "drop", None
            return
    for each in inner:
        yield from _steps(each)


def _is_known(step: BaseEstimator) -> bool:
    from skl2onnx import get_model_alias

    if isinstance(step, TransformedTargetRegressor) and targets.problem(step):
        return False
    try:
        get_model_alias(type(step))
    except RuntimeError:
        return False
    return True


def _refused(step: BaseEstimator) -> ExportError:
    library = type(step).__module__.partition(".")[0]
    cause = f"No converter turns {_name(step)} into an ONNX graph"
    if isinstance(step, TransformedTargetRegressor):
        return ExportError(
            f"{cause}: {targets.problem(step)}.",
            "There would be nothing to serve. Nothing was trained.",
            "Give it functions of numpy, as in func=numpy.log1p, inverse_func=numpy.expm1.",
        )
    if library in boosters.LIBRARIES and not boosters.converts():
        return ExportError(
            f"{cause}: onnxmltools has those of {library}, and is not installed.",
            "There would be nothing to serve. Nothing was trained.",
            f"{_INSTALL} {boosters.INSTALLS['onnxmltools']}",
        )
    return ExportError(
        f"{cause}.",
        "There would be nothing to serve. Nothing was trained.",
        "Use an estimator that skl2onnx knows, or one of XGBoost's or LightGBM's: docs/own-model.md.",
    )


def _name(step: BaseEstimator) -> str:
    return f"{type(step).__module__.partition('.')[0]}'s {type(step).__name__}"
