"""Windows begin and end at multiples of their length, without a gap, whatever the clock does."""

from hypothesis import given
from hypothesis import strategies as st

from model.serving.telemetry.intervals import LONGEST_SECONDS, Interval, closed, cut, first, following

NOW = 1_700_000_003.25
TIMES = st.floats(1.6e9, 1.8e9)


def test_the_first_one_begins_now_and_the_others_at_multiples() -> None:
    begun = first(NOW, 5)
    assert begun == (NOW, 1_700_000_005.0)
    assert closed(begun, 1_700_000_004.999, 5) is None
    assert closed(begun, 1_700_000_005.002, 5) == begun
    assert following(begun, 5) == (1_700_000_005.0, 1_700_000_010.0)


def test_a_late_look_makes_one_longer_window() -> None:
    assert closed(Interval(100.0, 105.0), 117.0, 5) == (100.0, 115.0)


def test_a_clock_that_was_set_moves_the_window() -> None:
    assert closed(Interval(1000.0, 1005.0), 90_001.0, 5) == (89_995.0, 90_000.0)
    assert closed(Interval(1000.0, 1005.0), 501.0, 5) == (495.0, 500.0)
    assert closed(Interval(1000.0, 1005.0), 998.0, 5) is None, "a little back: it only takes longer"


def test_the_last_one_ends_now_and_is_never_empty_of_time() -> None:
    assert cut(Interval(1000.0, 1005.0), 1002.5) == (1000.0, 1002.5)
    assert cut(Interval(1000.0, 1005.0), 999.0) == (1000.0, 1000.001)


@given(TIMES, st.lists(TIMES | st.floats(0, 20), max_size=30), st.integers(1, 60))
def test_every_window_ends_after_it_begins_and_is_short_enough(
    start: float, looks: list[float], length: int
) -> None:
    """A look below 21 is a step from the one before; any other is a clock that was set."""
    now, current = start, first(start, length)
    assert current.start <= start < current.end
    for look in looks:
        now = now + look if look <= 20 else look
        if over := closed(current, now, length):
            assert over.start < over.end <= now
            assert over.end - over.start <= max(LONGEST_SECONDS, length)
            assert over.end % length == 0
            current = following(over, length)
            assert closed(current, now, length) is None
    last = cut(current, now)
    assert last.start < last.end
