"""Whether a container prints windows: by its own lines alone, for as long as one may take to come."""

import json
from datetime import timedelta

import pytest

from release.judge.cells import SCHEMA
from release.ports import LATE_SECONDS
from release.rollout.looking import BLOCKS, prints_windows
from tests.fakes.evidence import BLOCK
from tests.release.scenes import NAME, serving


def line(stream, **besides):
    """A line of a log stream: a window, but for what is `besides`."""
    window = {"schema": SCHEMA, "id": "x", "start": 0.0, "end": 5.0, "requests": 1} | besides
    return json.dumps(
        {"eventId": "x", "logStreamName": stream, "timestamp": 0, "message": json.dumps(window)}
    )


class Lines:
    """Prints these lines, and then nothing more."""

    def __init__(self, *lines):
        self.lines = list(lines)

    def more(self):
        lines, self.lines = self.lines, []
        return lines


@pytest.fixture
def stage():
    return serving()


def seen(stage, monkeypatch, *lines, expected=False, variant="candidate"):
    ports = stage.ports()
    monkeypatch.setattr(stage.evidence, "follow", lambda *of: Lines(*lines))
    return prints_windows(ports, NAME, variant, stage.clock.now(), expected)


def test_a_window_of_the_variant_is_one(stage, monkeypatch):
    assert seen(stage, monkeypatch, line("candidate/i-1"))
    assert stage.clock.seconds == 0, "there is nothing to wait for"


@pytest.mark.parametrize(
    "other",
    [
        line("live/i-1"),
        line("candidate/cloudwatch 12:01", service={"requests": 1, "errors": 0}),
        line("candidate/i-1", schema="other"),
        json.dumps({"logStreamName": "candidate/i-1", "message": "started"}),
    ],
)
def test_nothing_else_is(stage, monkeypatch, other):
    assert not seen(stage, monkeypatch, other)


@pytest.mark.parametrize(("expected", "late"), [(False, 0.0), (True, LATE_SECONDS)])
def test_it_is_waited_for_as_long_as_it_may_take(stage, monkeypatch, expected, late):
    before = stage.clock.now()
    assert not seen(stage, monkeypatch, expected=expected)
    assert stage.clock.now() - before == timedelta(seconds=BLOCKS * BLOCK + late)
