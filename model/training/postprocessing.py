"""A service's postprocessing, done twice: to scikit-learn's scores, and as nodes of the graph."""

from collections.abc import Sequence

import numpy as np
import onnx
from onnx import helper, numpy_helper

from model.postprocessing import Calibrate, Clip, Postprocessing, Scale
from model.training.kinds.measures import Scores


def applied(postprocessing: Sequence[Postprocessing], scores: Scores) -> Scores:
    """The answers that these scores lead to."""
    for each in postprocessing:
        scores = _applied(each, scores)
    return scores


def append(graph: onnx.GraphProto, postprocessing: Sequence[Postprocessing], source: str, name: str) -> None:
    """Have `graph` compute its output `name` from its score `source`."""
    for number, each in enumerate(postprocessing):
        target = f"{name}_after_{number}"
        _nodes(graph, each, source, target)
        source = target
    graph.node.append(helper.make_node("Identity", [source], [name], name=name))


def _applied(each: Postprocessing, scores: Scores) -> Scores:
    match each:
        case Clip(minimum, maximum):
            return np.clip(scores, minimum, maximum)
        case Scale(factor, offset):
            return scores * factor + offset
        case Calibrate(slope, intercept):
            with np.errstate(divide="ignore"):  # of a certain score, which stays certain
                odds = np.log(scores) - np.log1p(-scores)
            return 1 / (1 + np.exp(-(slope * odds + intercept)))


def _nodes(graph: onnx.GraphProto, each: Postprocessing, source: str, target: str) -> None:
    def constant(name: str, value: float) -> str:
        """A number of the graph, by the name that it gets."""
        array = np.array(value, dtype=np.float32)
        graph.initializer.append(numpy_helper.from_array(array, f"{target}_{name}"))
        return f"{target}_{name}"

    def node(operator: str, *inputs: str, to: str = "") -> str:
        """A node's output, by its name."""
        output = f"{target}_{to}" if to else target
        graph.node.append(helper.make_node(operator, inputs, [output], name=output))
        return output

    match each:
        case Clip(minimum, maximum):
            node("Clip", source, constant("minimum", minimum), constant("maximum", maximum))
        case Scale(factor, offset):
            scaled = node("Mul", source, constant("factor", factor), to="scaled")
            node("Add", scaled, constant("offset", offset))
        case Calibrate(slope, intercept):
            other = node("Sub", constant("one", 1.0), source, to="other")
            odds = node("Log", node("Div", source, other, to="odds"), to="log_odds")
            sloped = node("Mul", odds, constant("slope", slope), to="sloped")
            node("Sigmoid", node("Add", sloped, constant("intercept", intercept), to="calibrated"))
