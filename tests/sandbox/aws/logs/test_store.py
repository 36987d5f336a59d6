"""Log events stay within a budget of memory; what is oldest goes first."""

from typing import Any

import pytest
from moto.logs.models import LogGroup, LogsBackend

from sandbox.aws.logs import store

ACCOUNT, REGION = "123456789012", "us-east-1"


@pytest.fixture
def backend(monkeypatch: pytest.MonkeyPatch) -> LogsBackend:
    monkeypatch.setattr(store, "_sizes", {})
    return LogsBackend(REGION, ACCOUNT)


def put(backend: LogsBackend, stream: str, *messages: str, at: int = 1_000) -> Any:
    target = store.ensure_stream(backend, "g", stream)
    store.append(target, [{"timestamp": at + n, "message": message} for n, message in enumerate(messages)])
    return target


def texts(backend: LogsBackend, stream: str) -> list[str]:
    group: LogGroup = backend.groups["g"]
    return [event.message for event in store.read(group, group.streams[stream])]


def test_the_stream_that_nobody_writes_to_gives_way_first(
    backend: LogsBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "BUDGET", 4_000)
    put(backend, "quiet", *["q" * 500] * 4)
    put(backend, "busy", *["b" * 500] * 4)
    assert len(texts(backend, "quiet")) == 2
    assert len(texts(backend, "busy")) == 4
    for _ in range(50):
        put(backend, "busy", "b" * 500)
    assert texts(backend, "quiet") == []
    assert 0 < len(texts(backend, "busy")) <= 8
    assert sum(size for _, size in store._sizes.values()) <= 4_000


def test_a_stream_keeps_its_newest_events(backend: LogsBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "MOST_PER_STREAM", 3)
    put(backend, "s", *"abcde")
    assert texts(backend, "s") == ["c", "d", "e"]


def test_events_are_kept_in_the_order_of_their_time(backend: LogsBackend) -> None:
    put(backend, "s", "late", at=2_000)
    stream = put(backend, "s", "early", "also early", at=1_000)
    assert texts(backend, "s") == ["early", "also early", "late"]
    described = store.described(stream)
    assert (described["firstEventTimestamp"], described["lastEventTimestamp"]) == (1_000, 2_000)


def test_deleted_streams_free_their_bytes(backend: LogsBackend) -> None:
    stream = put(backend, "s", "x")
    store.forget([stream])
    assert store._sizes == {}


def test_retention_hides_what_is_older(backend: LogsBackend) -> None:
    put(backend, "s", "of 1970")
    backend.groups["g"].set_retention_policy(1)  # ty: ignore[invalid-argument-type]
    assert texts(backend, "s") == []
