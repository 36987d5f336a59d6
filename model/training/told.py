"""What the model card tells of the test rows, as JSON values: intervals, slices, calibration, groups. Pure.

It is measured once, where the scores are; `model.training.card` adds what else the card tells.
"""

import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from model.contract import Service
from model.declarations import FAIRNESS
from model.training.drawings import bins, one_by_one
from model.training.fairness import Fairness
from model.training.intervals import Sure, around, mean, share
from model.training.kinds.measures import Labels, Scores
from model.training.kinds.table import measures_of

if TYPE_CHECKING:
    import pandas as pd

PERFECT = 1.0
"""No model's main measure is more: AUC, R2."""


def told(
    service: Service, rows: "pd.DataFrame", scores: Scores, constant: Any, fairness: tuple[Fairness, ...]
) -> dict[str, Any]:
    """What is told of these rows and their scores; `constant` is the kind's, of the training labels."""
    labels, measures = service.labels(rows), measures_of(service)
    return plain(
        {
            "main": {
                "name": measures.main,
                "word": measures.word,
                "measured": _main(service, labels, scores, constant)._asdict(),
            },
            "slices": list(_slices(service, rows, labels, scores, constant)),
            "calibration": list(_calibration(service, labels, scores)),
            "fairness": [_fairness(service, table) for table in fairness],
        }
    )


def plain(value: Any) -> Any:
    """The same as plain JSON: what is no number is null."""
    match value:
        case Mapping():
            return {name: plain(one) for name, one in value.items()}
        case list() | tuple():
            return [plain(one) for one in value]
        case float() if not math.isfinite(value):
            return None
        case np.floating() | np.integer():
            return plain(value.item())
        case _:
            return value


def _main(service: Service, labels: Labels, scores: Scores, constant: Any) -> Sure:
    """The main measure with its standard error: that of its gain over a model that says one thing always."""
    measures = measures_of(service)
    always = np.broadcast_to(constant, scores.shape)
    error = measures.error(labels, scores, always, constant)
    found = around(measures.score(labels, scores, constant), error, len(labels))
    return found._replace(high=min(found.high, PERFECT)) if math.isfinite(found.high) else found


def _slices(
    service: Service, rows: "pd.DataFrame", labels: Labels, scores: Scores, constant: Any
) -> Iterable[dict[str, Any]]:
    """Every value of every slice; `measured` is null where it has too few rows."""
    for each in service.slices:
        column = rows[each.column].to_numpy()
        for name in sorted(rows[each.column].dropna().unique(), key=str):
            where = column == name
            count = int(where.sum())
            enough = count >= each.least_rows
            found = _main(service, labels[where], scores[where], constant)._asdict() if enough else None
            told = {"column": each.column, "value": str(name), "rows": count, "floor": each.floor}
            yield {**told, "measured": found}


def _calibration(service: Service, labels: Labels, scores: Scores) -> Iterable[dict[str, Any]]:
    """Rows in bins of equally many by their score: mean score beside mean label with its interval."""
    labels, scores = one_by_one(service, labels, scores)
    for part in bins(scores) if np.isfinite(scores).all() else ():
        ones = labels[part]
        found = (
            share(int(ones.sum()), len(ones)) if service.kind != "regression" else mean(ones.astype(float))
        )
        yield {"score": float(scores[part].mean()), "label": found._asdict()}


def _fairness(service: Service, table: Fairness) -> dict[str, Any]:
    protected = table.protected
    return {
        "column": protected.column,
        "what": protected.what,
        "threshold": protected.threshold,
        "selected": protected.selected,
        "least_rows": protected.least_rows,
        "bounds": {name: getattr(protected, name) for name in FAIRNESS[service.kind]},
        "groups": [
            {
                "name": group.name,
                "rows": group.rows,
                "label": group.label._asdict(),
                "measures": {name: value and value._asdict() for name, value in group.measures.items()},
            }
            for group in table.groups
        ],
    }
