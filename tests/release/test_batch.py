"""What a stage may score, where the answers go, and what the job of it is called."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from release.domain import batch
from release.domain.batch import File, Reach
from release.domain.errors import UsageError

BUCKET = "slipway-prod-123456789012-us-east-1"
OWN = f"s3://{BUCKET}/batch"
NAMES = st.lists(
    st.text("ab./-", min_size=1, max_size=6).filter(lambda name: not name.startswith("/")),
    min_size=1,
    unique=True,
)


def check(source: str, target: str, reads: tuple[str, ...] = (), writes: tuple[str, ...] = ()) -> None:
    batch.check_places(
        "prod", BUCKET, source, target, Reach("--input", "reads", reads), Reach("--output", "writes", writes)
    )


def files(*uris: str) -> list[File]:
    return [File(uri, "etag", 1) for uri in uris]


@pytest.mark.parametrize(
    ("source", "target", "reads", "writes"),
    [
        (f"{OWN}/in", f"{OWN}/out", (), ()),
        (f"{OWN}/in/", f"{OWN}/in-scored", (), ()),
        ("s3://warehouse/flights/2026", f"{OWN}/out", ("s3://warehouse/flights",), ()),
        ("s3://warehouse/flights", f"{OWN}/out", ("s3://warehouse/flights",), ()),
        (f"{OWN}/in", "s3://anything/at/all", (), ("s3://anything",)),
    ],
)
def test_places_that_the_role_may_use(source, target, reads, writes):
    check(source, target, reads, writes)


@pytest.mark.parametrize(
    ("source", "target", "reads", "words"),
    [
        ("flights.csv", f"{OWN}/out", (), "--input flights.csv is no place in S3"),
        (f"s3://{BUCKET}/models/x", f"{OWN}/out", (), "reads: [s3://"),
        (f"s3://{BUCKET}/batches/x", f"{OWN}/out", (), "reads: [s3://"),
        ("s3://warehouse/flights-2", f"{OWN}/out", ("s3://warehouse/flights",), "warehouse/flights-2]"),
        (f"{OWN}/in", "s3://warehouse/out", ("s3://warehouse",), "writes: [s3://warehouse/out]"),
        (f"{OWN}/in", f"{OWN}/in/out", (), "lies in --input"),
        (f"{OWN}/in/", f"{OWN}/in", (), "lies in --input"),
    ],
)
def test_places_that_are_refused_say_what_to_add(source, target, reads, words):
    with pytest.raises(UsageError) as error:
        check(source, target, reads)
    assert words in str(error.value)


def test_an_input_is_a_file_or_a_folder():
    one = f"{OWN}/in/a.csv"
    assert batch.below(one, files(one)) == (one, {one: "a.csv.out"})
    both = files(one, f"{OWN}/in/sub/b.csv", f"{OWN}/in-2/c.csv")
    for source in (f"{OWN}/in", f"{OWN}/in/"):
        assert batch.below(source, both) == (
            f"{OWN}/in/",
            {one: "a.csv.out", f"{OWN}/in/sub/b.csv": "sub/b.csv.out"},
        )


def test_a_beginning_of_names_is_neither():
    with pytest.raises(UsageError, match="nor in a folder of that name"):
        batch.below(f"{OWN}/in", files(f"{OWN}/in-2/c.csv"))
    one = f"{OWN}/in/a.csv"
    with pytest.raises(UsageError, match="the beginning of others' names"):
        batch.below(one, files(one, f"{one}.old"))


@given(NAMES)
def test_every_file_of_a_folder_has_answers_of_its_own(names):
    source, found = batch.below(f"{OWN}/in", files(*(f"{OWN}/in/{name}" for name in names)))
    assert source == f"{OWN}/in/"
    assert sorted(found.values()) == sorted(f"{name}.out" for name in names)


def test_a_header_is_refused_and_a_row_is_not():
    file = files(f"{OWN}/in/a.csv")[0]
    names = ("carrier", "origin", "distance")
    batch.check_header(file, b'UA,"a, b",3\r', names)
    batch.check_header(file, b"\xff\xfe", names)
    with pytest.raises(UsageError) as error:
        batch.check_header(file, f"{names[1]},{names[0]}\r".encode(), names)
    assert f"in this order: {', '.join(names)}" in str(error.value)


def test_the_same_work_is_the_same_job_and_other_work_another():
    way = {"input": f"{OWN}/in/", "output": f"{OWN}/out", "content_type": batch.CSV}
    one = batch.base_name("delays-prod", "model-1", way, files("a", "b"))
    assert one == batch.base_name("delays-prod", "model-1", way, files("a", "b"))
    others = {
        batch.base_name("delays-prod", "model-2", way, files("a", "b")),
        batch.base_name("delays-prod", "model-1", {**way, "output": f"{OWN}/other"}, files("a", "b")),
        batch.base_name("delays-prod", "model-1", way, files("a")),
        batch.base_name("delays-prod", "model-1", way, [File("a", "other", 1), *files("b")]),
    }
    assert len({one, *others}) == 5
    assert (batch.attempt(one, 1), batch.attempt(one, 2)) == (one, f"{one}-2")
    assert one.startswith("delays-prod-")
