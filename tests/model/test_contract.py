"""A service that lacks something is told what, with its signature, before anything is trained."""

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from model.contract import (
    BinaryBounds,
    Feature,
    MulticlassBounds,
    Option,
    Output,
    RegressionBounds,
    Service,
)
from model.declarations import Protected
from model.errors import ServiceError
from model.postprocessing import Clip

NUMBERS = RegressionBounds(r2=0.3, mae=0.9, calibration=0.1, gain=0.0)
CHANCES = BinaryBounds(auc=0.7, log_loss=0.9, calibration=0.1, gain=0.0)


def returning(*names: str) -> Callable[..., Any]:
    """A method with these parameters."""
    scope: dict[str, Any] = {}
    exec(f"def method({', '.join(('self', *names))}): return None", scope)  # noqa: S102
    return scope["method"]


COMPLETE = {
    "name": "toys",
    "kind": "binary",
    "features": (Feature("size", "number", False, "of the toy", 3),),
    "label": "broken",
    "output": Output("broken", "probability that it breaks"),
    "models": ("logistic",),
    "bounds": CHANCES,
    "load": returning("cache"),
    "split": returning("options", "champion"),
    "build": returning("model"),
}


def made(without: str = "", **changes: Any) -> Service:
    """A service that is complete but for `without`, with these changes."""
    members = {name: value for name, value in (COMPLETE | changes).items() if name != without}
    return type("Toys", (Service,), members)()


def told(without: str = "", **changes: Any) -> str:
    """What is said of such a service."""
    with pytest.raises(ServiceError) as caught:
        made(without, **changes)
    assert caught.value.exit_code == 2
    assert "docs/own-model.md" in caught.value.next_step
    return caught.value.cause


def test_what_is_complete_is_a_service():
    assert made().names == ("size",)
    assert made().input_schema()["output"] == {
        "name": "broken",
        "kind": "probability",
        "description": "probability that it breaks",
    }


def test_a_number_says_what_it_lies_between():
    output = made(kind="regression", bounds=NUMBERS, output=Output("cost", "of repair", 5, 90)).input_schema()
    assert output["output"] == {
        "name": "cost",
        "kind": "number",
        "description": "of repair",
        "minimum": 5,
        "maximum": 90,
    }


@pytest.mark.parametrize(
    ("without", "part"),
    [
        ("load", "it has no load(self, cache: Path) -> Data"),
        (
            "split",
            "it has no split(self, options: Mapping[str, str], champion: Mapping[str, Any] | None) -> Split",
        ),
        ("build", "it has no build(self, model: str) -> Pipeline"),
        ("label", "it has no label: str"),
        ("features", "it has no features: tuple[Feature, ...]"),
        ("bounds", "it has no bounds: BinaryBounds | RegressionBounds | MulticlassBounds"),
    ],
)
def test_what_is_missing_is_named_with_what_it_has_to_be(without, part):
    assert part in told(without)


def test_all_that_is_missing_is_named_at_once():
    with pytest.raises(ServiceError) as caught:
        type("Nothing", (Service,), {})
    for name in COMPLETE:
        assert f"it has no {name}" in caught.value.cause


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"load": returning()}, "load has to be load(self, cache: Path) -> Data"),
        ({"split": returning("options")}, "split has to be split(self, options: "),
        ({"build": returning("model", "size")}, "build has to be build(self, model: str)"),
        (
            {"golden_rows": returning()},
            "golden_rows has to be golden_rows(self, rows: DataFrame) -> DataFrame",
        ),
        ({"kind": "ranking"}, "its kind 'ranking' is none of binary, regression, multiclass"),
        ({"kind": "regression"}, "its kind regression needs bounds of RegressionBounds"),
        ({"yardstick": "forest"}, "its yardstick 'forest' is none of its models"),
        ({"models": ()}, "it needs a feature and a model at least"),
        ({"output": Output("x", "y", 0, 2)}, "has no minimum and maximum of its own"),
        (
            {"kind": "regression", "bounds": NUMBERS, "output": Output("x", "y", 2, 2)},
            "its output's maximum is not above its minimum",
        ),
        ({"kind": "regression", "bounds": NUMBERS}, "a number, which needs a minimum and a maximum"),
        ({"options": {"out": Option("", "")}}, "its options cannot be called out"),
    ],
    ids=range(12),
)
def test_what_contradicts_itself_is_named(changes, part):
    assert part in told(**changes)


CLASSES = MulticlassBounds(auc=0.7, log_loss=0.9, accuracy=0.1, recall=0.5, calibration=0.1, gain=0.0)
COLOURS = Output("colour", "of the toy", classes=("red", "blue", "light green"))


def test_classes_are_numbered_in_the_order_of_their_answers():
    service = made(kind="multiclass", bounds=CLASSES, output=COLOURS)
    assert service.input_schema()["output"] == {
        "name": "colour",
        "kind": "probabilities",
        "description": "of the toy",
        "classes": ["red", "blue", "light green"],
    }
    rows = pd.DataFrame({"broken": ["light green", "red", "red", "blue"]})
    assert service.labels(rows).tolist() == [2, 0, 0, 1]
    assert made().labels(pd.DataFrame({"broken": [1, 0]})).tolist() == [1, 0]


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"bounds": CHANCES}, "its kind multiclass needs bounds of MulticlassBounds"),
        ({"output": Output("x", "y")}, "its output needs classes: 2 to 100 different names"),
        ({"output": Output("x", "y", classes=("a",))}, "2 to 100 different names"),
        ({"output": Output("x", "y", classes=("a", "b", "a"))}, "2 to 100 different names"),
        ({"output": Output("x", "y", classes=tuple(map(str, range(101))))}, "2 to 100 different names"),
        ({"output": Output("x", "y", classes=("a", "b\n"))}, "its class 'b\\n' is no name of letters"),
        ({"output": Output("x", "y", classes=("a", ""))}, "its class '' is no name of letters"),
        ({"output": Output("x", "y", 0, 3, classes=("a", "b"))}, "no minimum and maximum of its own"),
        ({"kind": "binary", "bounds": CHANCES}, "its output names classes, and its kind is binary"),
        ({"postprocessing": (Clip(0, 1),)}, "which is nothing for multiclass answers"),
        (
            {"protected": (Protected(column="x", what="x", selected="green"),)},
            "its protected column 'x' needs selected, the class that matters, of",
        ),
    ],
    ids=range(11),
)
def test_classes_that_contradict_themselves_are_named(changes, part):
    assert part in told(**{"kind": "multiclass", "bounds": CLASSES, "output": COLOURS} | changes)
