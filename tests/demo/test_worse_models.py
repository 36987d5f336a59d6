"""The bad models that no golden request may give away: callers and a judge have to."""

import csv
import io
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from demo.worse_models import BETWEEN_MILES, FAILS_BETWEEN_MILES

pytestmark = pytest.mark.sandbox


def miles(golden: Path) -> Iterator[float]:
    """The distances of all flights that the golden requests ask about."""
    for request in json.loads(golden.read_text())["requests"]:
        if request["content_type"] == "text/csv":
            yield from (float(row["distance"]) for row in csv.DictReader(io.StringIO(request["body"])))
        else:
            yield from (float(row["distance"]) for row in json.loads(request["body"])["instances"])


@pytest.mark.parametrize("kind", ["logistic", "boosting"])
@pytest.mark.parametrize("between", [BETWEEN_MILES, FAILS_BETWEEN_MILES])
def test_no_golden_request_is_about_a_flight_that_gives_it_away(
    trained: Mapping[str, Path], kind: str, between: tuple[float, float]
) -> None:
    asked = list(miles(trained[kind] / "golden.json"))
    assert len(asked) > 20
    assert [distance for distance in asked if between[0] < distance < between[1]] == []
