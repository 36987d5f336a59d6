"""A service that lacks something is told what, with its signature, before anything is trained."""

from collections.abc import Callable
from typing import Any

import pytest

from model.contract import (
    BinaryBounds,
    Feature,
    Option,
    Output,
    RegressionBounds,
    Service,
    refuse_unserved,
)
from model.errors import ServiceError

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
        ("bounds", "it has no bounds: BinaryBounds | RegressionBounds"),
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


def test_more_than_two_classes_are_refused_because_nothing_could_serve_them():
    with pytest.raises(
        ServiceError, match="is multiclass, and the inference server answers one number"
    ) as it:
        refuse_unserved(made(kind="multiclass"))
    assert "one for each class" in it.value.next_step
    refuse_unserved(made())
