"""What transform jobs do to records and answers: filters and joins."""

import json

import pytest

from tests.sandbox.conformance.convention import behaviour
from tests.sandbox.conformance.refusals import refused
from tests.sandbox.conformance.transforms import JOINS, Jobs
from tests.sandbox.world import World


@pytest.fixture(scope="module")
def jobs(world: World) -> Jobs:
    return Jobs(world)


@behaviour("SageMaker", "DataProcessing")
def test_rows_of_csv_are_joined_with_their_results(jobs: Jobs) -> None:
    """JoinSource Input appends the result to each row of CSV."""
    uri = jobs.put(a="7,aa\n8,bbbb\n")
    assert jobs.stored(uri, DataProcessing={"JoinSource": "Input"}) == {"a.out": "7,aa,4\n8,bbbb,6\n"}


@behaviour("SageMaker", JOINS)
def test_columns_are_filtered_by_index(jobs: Jobs) -> None:
    """InputFilter keeps columns of CSV from the model, OutputFilter selects from the joined row."""
    filters = {"InputFilter": "$[1:]", "JoinSource": "Input", "OutputFilter": "$[0,-1]"}
    assert jobs.stored(jobs.put(a="7,aa\n8,bbbb\n"), DataProcessing=filters) == {"a.out": "7,2\n8,4\n"}


@behaviour("SageMaker", JOINS)
def test_an_object_of_json_lines_gets_its_output(jobs: Jobs) -> None:
    """A JSON line that is an object gets SageMakerOutput; a filter by name keeps an id from the model."""
    lines = "application/jsonlines"
    stored = jobs.stored(
        jobs.put(a='{"id": 7, "features": "aa"}\n{"id": 8, "features": "bbbb"}\n'),
        TransformInput={"ContentType": lines},
        TransformOutput={"Accept": lines},
        DataProcessing={
            "InputFilter": "$.features",
            "JoinSource": "Input",
            "OutputFilter": "$['id','SageMakerOutput']",
        },
    )
    assert [json.loads(line) for line in stored["a.out"].splitlines()] == [
        {"id": 7, "SageMakerOutput": 4},
        {"id": 8, "SageMakerOutput": 6},
    ]


@behaviour("SageMaker", JOINS)
def test_what_is_no_object_is_joined_as_one(jobs: Jobs) -> None:
    """A JSON line that is no object becomes one of SageMakerInput and SageMakerOutput."""
    lines = "application/jsonlines"
    stored = jobs.stored(
        jobs.put(a="[1, 2]\n"),
        TransformInput={"ContentType": lines},
        TransformOutput={"Accept": lines},
        DataProcessing={"JoinSource": "Input"},
    )
    assert json.loads(stored["a.out"]) == {"SageMakerInput": [1, 2], "SageMakerOutput": 6}


@behaviour("SageMaker", "DataProcessing")
def test_an_index_that_no_row_has(jobs: Jobs) -> None:
    """An OutputFilter whose index is not within the joined row is an error."""
    found = jobs.run(jobs.put(a="7,aa\n"), DataProcessing={"JoinSource": "Input", "OutputFilter": "$[5]"})
    assert found["TransformJobStatus"] == "Failed"
    jobs.log(found["TransformJobName"], "index 5 is not within 3 elements")


@behaviour("SageMaker", JOINS)
def test_what_cannot_be_filtered_or_joined(jobs: Jobs) -> None:
    """DataProcessing needs CSV or JSON on both sides, lines for CSV, and a JSONPath that it supports."""
    uri, join = jobs.put(a="1\n"), {"JoinSource": "Input"}
    with refused("ValidationException", "ContentType and Accept"):
        jobs.start(uri, DataProcessing=join, TransformInput={"ContentType": "application/x-npy"})
    with refused("ValidationException", "SplitType and AssembleWith Line"):
        jobs.start(uri, DataProcessing=join, TransformInput={"SplitType": "None"})
    with refused("ValidationException", "by index alone"):
        jobs.start(uri, DataProcessing={"InputFilter": "$.id"})
    with refused("ValidationException", "does not support"):
        jobs.start(uri, DataProcessing={"InputFilter": "$..id"})
