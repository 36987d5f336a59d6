"""Run by `.tools/evidently`: Evidently's own choice of test for each column of each day of a folder.

Arguments: the folder, with `reference.csv`, `schema.json` and the days as `day-NN.csv`. Prints, as JSON, the
columns of each day that have drifted.
"""

import json
import sys
from pathlib import Path

import pandas as pd
from evidently.legacy.calculations.stattests import get_stattest
from evidently.legacy.core import ColumnType


def main() -> None:
    """Read, test, print."""
    folder = Path(sys.argv[1])
    features = json.loads((folder / "schema.json").read_bytes())["features"]
    kinds = {each["name"]: each["kind"] for each in features} | {"score": "number"}
    text = {name: "str" for name, kind in kinds.items() if kind == "category"}
    before = pd.read_csv(folder / "reference.csv", dtype=text)
    found = []
    for path in sorted(folder.glob("day-*.csv")):
        day, drifted = pd.read_csv(path, dtype=text), []
        for name, kind in kinds.items():
            type_ = ColumnType.Numerical if kind == "number" else ColumnType.Categorical
            old, new = before[name].dropna(), day[name].dropna()
            if len(new) and get_stattest(old, new, type_, None)(old, new, type_, None).drifted:
                drifted.append(name)
        found.append(drifted)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
