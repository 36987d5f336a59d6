"""Scoring files with what is live, over fakes."""

from dataclasses import replace
from typing import Any

import pytest

from release.domain import batch
from release.domain.batch import Run
from release.domain.errors import ReleaseFailed, ServiceError, UsageError
from release.domain.request_schema import REFUSE, ROWS_WITHOUT_NAMES
from release.domain.stage import Batch
from release.operations.score import Order, Scored, score
from tests.fakes.world import FakeStage, FakeWorld, Told
from tests.release.scenes import ENDPOINT, NAME, serving

OWN = "s3://slipway-prod/batch"
FILE = f"{OWN}/in/a.csv"
OUT = f"{OWN}/out"
SCHEMA = {"service": "delays", "features": [{"name": "carrier"}, {"name": "distance"}]}


@pytest.fixture
def stage() -> FakeStage:
    made = serving(schema=SCHEMA)
    made.batches.content = {FILE: b"UA,1\nAA,2\n"}
    return made


def run(stage: FakeStage, told: Told | None = None, **order: Any) -> Scored:
    asked = replace(Order(FILE, OUT), **order)
    return score(FakeWorld(stage), stage.name, None, asked, told or Told())


def live(stage: FakeStage):
    return stage.file.endpoints[ENDPOINT].live


def test_a_file_is_scored_with_the_model_of_what_is_live(stage, told):
    found = run(stage, told)
    assert (found.release, found.rows, found.output) == (live(stage).release, 2, OUT)
    assert [(file.answers, file.rows) for file in found.files] == [(f"{OUT}/a.csv.out", 2)]
    [job] = stage.batches.jobs
    assert (job.model, job.input, job.output, job.content_type) == (found.model, FILE, OUT, "text/csv")
    assert job.model in stage.sagemaker.models
    assert live(stage).release in job.model
    assert (job.instance_type, job.instances, job.key) == ("ml.m7i.large", 1, "alias/slipway-prod")
    assert job.name.startswith(f"{NAME}-")
    assert any(job.name in event.text for event in told.events)


def test_a_folder_with_more_machines_of_another_type(stage):
    stage.batches.content |= {f"{OWN}/in/sub/b.csv": b"UA,3", f"{OWN}/in-2/c.csv": b"UA,4"}
    found = run(stage, source=f"{OWN}/in", instances=2, instance_type="ml.c5.xlarge")
    assert [file.answers for file in found.files] == [f"{OUT}/a.csv.out", f"{OUT}/sub/b.csv.out"]
    [job] = stage.batches.jobs
    assert (job.input, job.instances, job.instance_type) == (f"{OWN}/in/", 2, "ml.c5.xlarge")


def test_answers_elsewhere_have_that_buckets_key(stage):
    stage.batch = Batch(writes=("s3://warehouse",))
    run(stage, target="s3://warehouse/scores/")
    assert [(job.output, job.key) for job in stage.batches.jobs] == [("s3://warehouse/scores", "")]


def test_the_same_command_again_finds_its_job(stage):
    first, again = run(stage), run(stage)
    assert first == again
    assert len(stage.batches.jobs) == 1


def test_a_command_that_died_is_taken_up_by_the_next(stage):
    def dies(seconds: float) -> None:
        raise KeyboardInterrupt

    stage.clock.sleep, usual = dies, stage.clock.sleep
    with pytest.raises(KeyboardInterrupt):
        run(stage)
    stage.clock.sleep = usual
    assert run(stage).rows == 2
    assert len(stage.batches.jobs) == 1


def test_answers_that_are_gone_are_made_again(stage):
    first = run(stage)
    del stage.batches.content[f"{OUT}/a.csv.out"]
    assert run(stage).job == f"{first.job}-2"


def test_nothing_is_overwritten(stage):
    run(stage)
    stage.batches.content[FILE] = b"UA,9\n"
    with pytest.raises(UsageError, match="holds 1 of the files that this would write"):
        run(stage)
    assert len(stage.batches.jobs) == 1


@pytest.mark.parametrize("answers", [b"UA,1,0.5\n", b"UA,1,0.5\nAA,2,0.5\nAA,2,0.5\n", None])
def test_another_number_of_rows_is_no_success(stage, answers):
    def ends(job):
        done = stage.batches.done(job)
        if answers is None:
            del stage.batches.content[f"{OUT}/a.csv.out"]
        else:
            stage.batches.content[f"{OUT}/a.csv.out"] = answers
        return done

    stage.batches.ends = ends
    with pytest.raises(ReleaseFailed, match=r"completed, but .*a\.csv has"):
        run(stage)


def test_an_input_that_changed_meanwhile_is_no_success(stage):
    def ends(job):
        done = stage.batches.done(job)
        stage.batches.content[FILE] = b"UA,1\nUA,2\n"
        return done

    stage.batches.ends = ends
    with pytest.raises(UsageError, match="changed while it was being scored"):
        run(stage)


def test_a_job_of_another_model_is_no_success(stage):
    stage.batches.ends = lambda job: replace(stage.batches.done(job), model="somebody-elses")
    with pytest.raises(ReleaseFailed, match="ran the model somebody-elses"):
        run(stage)


@pytest.mark.parametrize(
    ("status", "reason", "error", "words"),
    [
        ("Failed", "ClientError: See job logs for more information", ReleaseFailed, "In row 0"),
        ("Failed", "AlgorithmError: See job logs for more information", ReleaseFailed, "In row 0"),
        ("Failed", "InternalServerError: We encountered an internal error", ServiceError, "run the same"),
        ("Stopped", "", ServiceError, "it begins another one"),
    ],
)
def test_a_job_that_does_not_complete(stage, status, reason, error, words):
    stage.batches.said = ["in/a.csv: ClientError: 400", "in/a.csv: In row 0, field"]
    stage.batches.ends = lambda job: Run(job.name, status, job.model, reason)
    with pytest.raises(error) as failed:
        run(stage)
    assert reason in str(failed.value)
    assert words in str(failed.value)
    stage.batches.ends = None
    assert run(stage).job.endswith("-2"), "the same command begins another attempt"


def test_work_at_which_every_job_fails_is_given_up(stage):
    stage.batches.ends = lambda job: Run(job.name, "Failed", job.model, "InternalServerError")
    for _ in range(batch.ATTEMPTS):
        with pytest.raises(ServiceError):
            run(stage)
    with pytest.raises(ServiceError, match="20 jobs were at this work"):
        run(stage)
    assert len(stage.batches.jobs) == batch.ATTEMPTS


def test_without_a_live_release(told):
    with pytest.raises(UsageError, match="has no live release"):
        run(serving(live=None))


def test_a_model_that_is_not_as_it_is_pinned(stage):
    stage.artifacts.models[live(stage).model] = b"other bytes"
    with pytest.raises(ReleaseFailed, match="is not as it is pinned"):
        run(stage)
    assert stage.batches.jobs == []


def test_files_that_cannot_be_scored(stage):
    for content, words in ((b"", "are empty"), (b"carrier,distance\nUA,1\n", "looks like a header")):
        stage.batches.content[FILE] = content
        with pytest.raises(UsageError, match=words):
            run(stage)
    with pytest.raises(UsageError, match="There is no file at"):
        run(stage, source=f"{OWN}/nothing")
    with pytest.raises(UsageError, match=r"slipway:batch\.reads"):
        run(stage, source="s3://warehouse/a.csv")
    assert stage.batches.jobs == []


def test_json_lines_may_hold_a_features_name_in_the_first_line(stage):
    stage.batches.content = {f"{OWN}/in/a.jsonl": b'{"carrier": "UA", "distance": 1}\n'}
    found = run(stage, source=f"{OWN}/in", content_type=batch.JSON_LINES)
    assert [file.rows for file in found.files] == [1]


def test_a_content_type_that_a_foreign_container_does_not_take(stage):
    foreign = serving(schema={**SCHEMA, "content_types": ["application/json"]})
    foreign.batches.content = dict(stage.batches.content)
    with pytest.raises(UsageError, match="does not take text/csv"):
        run(foreign)


def test_a_container_that_refuses_rows_without_names(stage):
    endpoint = stage.file.endpoints[ENDPOINT]
    refusing = endpoint.live.model_copy(update={"environment": {ROWS_WITHOUT_NAMES: REFUSE}})
    stage.file.endpoints[ENDPOINT] = endpoint.model_copy(update={"live": refusing})
    with pytest.raises(UsageError, match="refuses rows without names"):
        run(stage)
