"""A release's evidence for its card, as training leaves it; the same with texts that want to be markup."""

from typing import Any

from release.domain.manifest import GateResult, Manifest
from release.report.card.document import Heard, Word
from tests.release.examples import manifest
from tests.release.report.rollouts import HOSTILE


def measured(value: float, half: float = 0.01, rows: int = 900) -> dict[str, Any]:
    """A value with an interval of twice `half`."""
    return {"value": value, "error": half / 2, "low": value - half, "high": value + half, "rows": rows}


CARD: dict[str, Any] = {
    "format": 1,
    "model": "boosting",
    "kind": "binary",
    "statement": {
        "intended_use": "To plan a journey.",
        "out_of_scope": ["The safety of a flight."],
        "limits": ["It has seen one year."],
        "owner": "the delays team",
        "data_source": "a public register (CC0)",
    },
    "data": {
        "version": "flights-1",
        "sha256": "d" * 64,
        "rows": 4000,
        "first": "2013-01-01",
        "last": "2013-08-31",
        "parts": [
            {
                "name": "train",
                "label": "months 1-6",
                "rows": 3000,
                "first": "2013-01-01",
                "last": "2013-06-30",
            },
            {"name": "test", "label": "month 8", "rows": 1000, "first": "2013-08-01", "last": "2013-08-31"},
        ],
        "columns": [
            {
                "name": "carrier",
                "type": "category",
                "description": "airline",
                "missing": 0.0,
                "values": 12,
                "most": [["UA", 0.4], ["B6", 0.3]],
            },
            {
                "name": "gust",
                "type": "number",
                "description": "gust speed",
                "nullable": True,
                "missing": 0.709,
                "low": 16.5,
                "high": 58.25,
            },
        ],
    },
    "main": {"name": "auc", "word": "AUC", "measured": measured(0.71, rows=1000)},
    "slices": [
        {
            "column": "origin",
            "value": "JFK",
            "rows": 400,
            "floor": 0.66,
            "measured": measured(0.69, rows=400),
        },
        {"column": "origin", "value": "SWF", "rows": 7, "floor": 0.66, "measured": None},
    ],
    "calibration": [
        {"score": 0.1, "label": measured(0.12)},
        {"score": 0.4, "label": measured(0.35)},
        {"score": 0.7, "label": measured(0.55)},
    ],
    "fairness": [
        {
            "column": "carrier",
            "what": "airline",
            "threshold": 0.25,
            "least_rows": 100,
            "bounds": {"selection_rate": 0.2, "true_positive_rate": None},
            "groups": [
                {
                    "name": "UA",
                    "rows": 500,
                    "label": measured(0.3),
                    "measures": {"selection_rate": measured(0.41), "true_positive_rate": measured(0.62)},
                },
                {
                    "name": "OO",
                    "rows": 5,
                    "label": measured(0.2, 0.2),
                    "measures": {"selection_rate": None, "true_positive_rate": None},
                },
            ],
        }
    ],
    "reference": {
        "file": "reference.csv",
        "sha256": "e" * 64,
        "rows": 3000,
        "columns": 20,
        "score": {"mean": 0.25, "low": 0.08, "middle": 0.2, "high": 0.65},
    },
}
EVALUATION = {
    "test_month": 8,
    "test_rows": 1000,
    "test_auc": 0.7104,
    "validation_auc": 0.7462,
    "test_auc_origin_JFK": 0.69,
}
GATES = (
    GateResult(name="auc", passed=True, value=0.71, bound=0.68, reason="the AUC is 0.710 (at least 0.68)"),
    GateResult(name="calibration", passed=False, value=0.09, bound=0.05, reason="it must be at most 0.05"),
)
SOURCE = {"git_commit": "f00dbabe", "git_dirty": False, "mlflow_run": "run-77", "champion_sha256": None}
HEARD = Heard(
    words=(
        Word("2026-01-01T10:00", "staging", "waived", "user/ada", "season", "calibration", "2026-02-01"),
        Word("2026-01-02T10:00", "prod", "approved", "user/bob", "looked at the slices"),
    ),
    stages=("dev", "staging", "prod"),
)


def carded(**changes: Any) -> Manifest:
    """A manifest with evidence for a card."""
    values = {"card": CARD, "evaluation": EVALUATION, "gates": GATES, "source": SOURCE}
    return manifest(**(values | changes))


def hostile(value: Any) -> Any:
    """The same value with every text replaced by one that wants to be markup."""
    if isinstance(value, dict):
        return {name: one if name == "kind" else hostile(one) for name, one in value.items()}
    if isinstance(value, list):
        return [hostile(one) for one in value]
    return HOSTILE if isinstance(value, str) else value
