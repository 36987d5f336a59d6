"""A hundred thousand flights, scored as a file and asked of the endpoint: the same scores, row by row."""

import os

import pytest

from model.service.data import load
from tests.end_to_end.batches import as_csv, asked, put, read

pytestmark = [pytest.mark.sandbox, pytest.mark.long]
ROWS = 100_000


def test_a_hundred_thousand_flights_have_the_endpoints_scores(world, trained, tmp_path):
    world.slipway("release", "--model", os.fspath(trained["boosting"]))
    manifest = world.ports("dev").artifacts.manifest(world.endpoint("dev").live.release)
    names = [feature["name"] for feature in manifest.input_schema["features"]]
    flights = load(tmp_path).table[names].head(ROWS).astype(object)
    content = as_csv(flights.where(flights.notna(), None).to_numpy().tolist())
    rows = content.decode().splitlines()
    assert len(rows) == ROWS

    uri = put(world, "dev", "flights/all.csv", content)
    folder = uri.replace("/flights/all.csv", "/scores")
    done = world.slipway("score", "dev", "--input", uri, "--output", folder).result
    assert done["rows"] == ROWS
    scored = read(world, done["files"][0]["answers"])
    scores = asked(world, "dev", content)
    assert scored == [f"{row},{score}" for row, score in zip(rows, scores, strict=True)]
