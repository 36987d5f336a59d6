"""Capture files are read in pieces, whatever their lines are like; and an exchange is new once."""

import random

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from monitoring.records.troubles import NotReadable, Trouble
from monitoring.storage.files import split
from monitoring.storage.seen import Seen
from tests.monitoring.captured import HOUR, ROW, Scene, line, rows, scores
from tests.release.adapters.s3 import refusal


def pieces(data: bytes, size: int) -> list[bytes]:
    return [data[start : start + size] for start in range(0, len(data), size)]


@given(st.lists(st.binary(max_size=12).map(lambda one: one.replace(b"\n", b""))), st.integers(1, 9))
def test_lines_are_the_same_however_a_file_comes_in_pieces(lines, size):
    found = [one for some in split(iter(pieces(b"\n".join(lines), size))) for one in some]
    assert found == [one for one in lines if one.strip()]


@given(st.lists(st.integers(0, 40), max_size=12), st.integers(1, 50))
def test_a_line_that_is_too_long_is_named_once_and_not_kept(lengths, size):
    data = b"\n".join(b"x" * length for length in lengths) + b"\n"
    found = [one for some in split(iter(pieces(data, size)), longest=20) for one in some]
    told = [one.trouble if isinstance(one, NotReadable) else len(one) for one in found]
    assert told == [Trouble.LONG if length > 20 else length for length in lengths if length]


@given(st.lists(st.lists(st.integers(0, 30).map(str), max_size=20), max_size=8))
def test_an_exchange_is_new_the_first_time_in_whatever_block_it_comes(blocks):
    seen, known = Seen(), set[str]()
    for block in blocks:
        expected = []
        for name in block:
            expected.append(name not in known)
            known.add(name)
        assert seen.new(block).tolist() == expected


def test_very_many_exchanges_are_told_apart():
    seen, chosen = Seen(), random.Random(1)  # noqa: S311 - nothing is secret
    names = [str(number) for number in range(300_000)]
    chosen.shuffle(names)
    assert all(seen.new(names[start : start + 5000]).all() for start in range(0, len(names), 5000))
    assert not seen.new(names).any()


@pytest.mark.parametrize("action", ["paginate", "get_object"])
def test_a_bucket_that_refuses_is_an_error_and_no_hour_without_records(action, monkeypatch):
    scene = Scene()
    scene.capture(line(rows(ROW), scores(0.5), "a"))
    usual = getattr(scene.s3, action)

    def refuse(**request):
        if "some/answers" in str(request):
            raise refusal("AccessDenied", 403)
        return usual(**request)

    monkeypatch.setattr(scene.s3, action, refuse)
    with pytest.raises(ClientError, match="AccessDenied"):
        scene.monitor()
    assert scene.kept("hours") == []
    monkeypatch.setattr(scene.s3, action, usual)
    assert [record.rows for record in scene.monitor().read] == [1, 0]
    assert scene.monitor().read == ()
    assert scene.records.record(HOUR) is not None
