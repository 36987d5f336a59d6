"""Run by `.tools/evidently`: two tables as a page that shows each column beside its reference.

Arguments: the reference's CSV, the rows' CSV, the service's `schema.json`, the page. Columns of the schema,
and `score`, are shown where both tables have them; how they are read comes from the schema alone.
"""

import json
import sys
from pathlib import Path

import pandas as pd
from evidently import DataDefinition, Dataset, Report
from evidently.presets import DataDriftPreset


def main() -> None:
    """Read, draw, write."""
    reference, rows, schema, page = map(Path, sys.argv[1:])
    features = json.loads(schema.read_bytes())["features"]
    kinds = {each["name"]: each["kind"] for each in features} | {"score": "number"}
    text = {name: "str" for name, kind in kinds.items() if kind == "category"}
    tables = [pd.read_csv(path, dtype=text, keep_default_na=True) for path in (rows, reference)]
    shown = [name for name in kinds if all(name in each and each[name].notna().any() for each in tables)]
    definition = DataDefinition(
        numerical_columns=[name for name in shown if kinds[name] == "number"],
        categorical_columns=[name for name in shown if kinds[name] == "category"],
    )
    current, before = (Dataset.from_pandas(each[shown], data_definition=definition) for each in tables)
    Report([DataDriftPreset()]).run(current, before).save_html(str(page))


if __name__ == "__main__":
    main()
