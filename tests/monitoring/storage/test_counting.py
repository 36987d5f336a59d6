"""One expression counts rows on DuckDB, on Spark and for Athena; here it agrees with counting by hand."""

import json
import os
import subprocess
import sys
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import ibis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.serving.models.columns import from_rows
from monitoring.counts import Binning, Counted
from monitoring.storage import counting
from monitoring.storage.bodies import Rows, schema_of
from monitoring.storage.counting import as_float32
from monitoring.storage.engine import counted
from monitoring.storage.lines import exchange
from monitoring.storage.tables import RowsFile
from tests.monitoring.captured import SCHEMA, line

ROOT = Path(__file__).resolve().parents[3]
KNOWN = schema_of(SCHEMA)
BINNINGS = (
    Binning("carrier", "category", categories=("AA", "it's", "ünï")),
    Binning("distance", "number", edges=(-1.5, 0.0, 0.1, 7.0)),
    Binning("gust", "number", edges=(2.0,)),
    Binning("score", "number", edges=(0.1, 0.5, 0.9)),
)
NUMBERS = st.sampled_from([-2.0, -1.5, 0.0, 0.1, 0.05, 7.0, 6.9999999, 1e30]) | st.floats(-1e6, 1e6, width=32)
ROW = st.tuples(
    st.sampled_from(["AA", "it's", "ünï", "ZZ", "", None]),
    NUMBERS,
    NUMBERS | st.none(),
    st.sampled_from([0.1, 0.5, 0.9, 0.3]) | st.none(),
    st.sampled_from([(), ("distance",), ("carrier", "gust")]),
)


def written(folder: Path, found: Sequence[Any], variant: str = "live") -> RowsFile:
    """A file of these rows."""
    table = from_rows(
        [
            tuple(None if name in wrong else value for name, value in (("distance", one), ("gust", other)))
            for _, one, other, _, wrong in found
        ],
        [(None if "carrier" in wrong else carrier,) for carrier, *_, wrong in found],
    )
    invalid = {row: wrong for row, (*_, wrong) in enumerate(found) if wrong}
    file = RowsFile(folder / f"{variant}.parquet", KNOWN, variant, "abc")
    scores = [score for *_, score, _ in found]
    file.add(exchange(line({}, {}, "e")), Rows(len(found), table, invalid), scores)
    file.close()
    return file


def by_hand(binning: Binning, values: Sequence[Any], wrong: Sequence[bool]) -> Counted:
    """The counts of one column."""
    bins, missing, unseen, invalid = [0] * binning.size, 0, 0, 0
    feature = binning.name != "score"
    numbers = []
    for value, is_wrong in zip(values, wrong, strict=True):
        if is_wrong:
            invalid += 1
        elif value is None or value == "":
            missing += 1
        elif binning.kind == "category":
            if value in binning.categories:
                bins[binning.categories.index(value)] += 1
            else:
                unseen += 1
        else:
            number = as_float32(value) if feature else value
            edges = [as_float32(edge) if feature else edge for edge in binning.edges]
            bins[bisect_right(edges, number)] += 1
            numbers.append(number)
    return Counted(
        tuple(bins), missing, unseen, invalid, min(numbers, default=None), max(numbers, default=None)
    )


def expected(found: Sequence[Any]) -> dict[str, Counted]:
    """The counts of all columns."""
    places = {"carrier": 0, "distance": 1, "gust": 2, "score": 3}
    return {
        one.name: by_hand(
            one, [row[places[one.name]] for row in found], [one.name in row[4] for row in found]
        )
        for one in BINNINGS
    }


@given(st.lists(ROW, min_size=1, max_size=30))
def test_duckdb_counts_as_one_would_by_hand(tmp_path_factory, found):
    file = written(tmp_path_factory.mktemp("rows"), found)
    assert counted(file.path, file.features, BINNINGS) == expected(found)


def test_the_expression_is_compiled_for_athena():
    """Its SQL as somebody has looked at it; run as a module, this file writes it anew."""
    assert SNAPSHOT.read_text() == athena()


SNAPSHOT = Path(__file__).with_name("counts.athena.sql")


def athena() -> str:
    """The SQL of the counts."""
    features = {"carrier": "category", "distance": "number", "gust": "number"}
    table = counting.table(features, "delays_rows")
    return f"{ibis.to_sql(counting.counts(table, BINNINGS), dialect='athena')}\n"


LOCAL = {"SPARK_LOCAL_IP": "127.0.0.1", "PYSPARK_SUBMIT_ARGS": "--master local[1] pyspark-shell"}


@pytest.mark.long
def test_spark_counts_the_same(tmp_path):
    subprocess.run([sys.executable, "-m", "scripts.setup.spark_tools"], cwd=ROOT, check=True)
    found = [
        ("AA", -1.5, None, 0.1, ()),
        ("it's", 0.1, 2.0, None, ("distance",)),
        ("ünï", 6.9999999, 1.0, 0.9, ("carrier", "gust")),
        ("", 1e30, None, 0.5, ()),
        ("ZZ", 0.05, 3.0, 0.3, ()),
    ]
    written(tmp_path, found)
    written(tmp_path, found[:2], "candidate")
    binnings = tmp_path / "binnings.json"
    binnings.write_text(json.dumps([asdict(one) for one in BINNINGS]))
    done = subprocess.run(
        [
            *(ROOT / ".tools" / "spark" / "bin" / "python", "-m", "monitoring.storage.spark"),
            *(tmp_path / "*.parquet", binnings),
        ],
        cwd=ROOT,
        env=os.environ | LOCAL,
        capture_output=True,
        text=True,
        check=True,
    )
    by_spark = {
        (one["variant"], one["release"]): {
            name: replace(Counted(**each), bins=tuple(each["bins"])) for name, each in one["columns"].items()
        }
        for one in map(json.loads, done.stdout.splitlines())
    }
    assert by_spark == {("live", "abc"): expected(found), ("candidate", "abc"): expected(found[:2])}


if __name__ == "__main__":
    SNAPSHOT.write_text(athena())
