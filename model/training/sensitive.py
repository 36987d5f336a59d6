"""What is sensitive stays out of what training packs: the reference, golden requests, the data sheet. Pure.

The data that a model was trained on (`data.parquet`) holds it, and so may the model: a pipeline that encodes
categories knows them by name (docs/monitoring.md#sensitive-features).
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from model.contract import Service

if TYPE_CHECKING:
    import pandas as pd


def sensitive(service: Service) -> Mapping[str, str]:
    """What becomes of each sensitive feature before a request is kept, by its name."""
    return {feature.name: feature.sensitive for feature in service.features if feature.sensitive}


def left_out(service: Service, rows: "pd.DataFrame") -> "pd.DataFrame":
    """The rows without the sensitive features."""
    return rows.drop(columns=[*sensitive(service)], errors="ignore")


def made_up(service: Service, rows: "pd.DataFrame") -> "pd.DataFrame":
    """The rows with the declared example in the place of each sensitive value, to be asked for."""
    examples = {feature.name: feature.example for feature in service.features if feature.sensitive}
    return rows.assign(**examples)
