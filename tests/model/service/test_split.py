"""Which months train and which test: never a row that a compared model has learned from."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.service.errors import MonthsError
from model.service.split import Months, parse_months, split_months

months = st.tuples(st.integers(1, 12), st.integers(1, 12)).map(lambda pair: Months(min(pair), max(pair)))


def test_default_trains_january_to_june_and_tests_in_august():
    split = split_months(parse_months("1-6"))
    assert (split.train, split.validation, split.test) == (Months(1, 6), 7, 8)


def test_every_training_that_ends_by_june_is_tested_on_the_same_month():
    assert {
        split_months(Months(first, last)).test for last in range(1, 7) for first in range(1, last + 1)
    } == {8}


def test_training_that_ends_later_is_tested_on_the_second_month_after_it():
    split = split_months(Months(7, 10))
    assert (split.validation, split.test, split.history) == (11, 12, Months(1, 10))


@given(months, st.none() | months)
def test_no_compared_model_has_seen_the_validation_or_test_month(train, champion):
    try:
        split = split_months(train, champion)
    except MonthsError:
        assert max(train.last, champion.last if champion else 0) > 10
        return
    seen = max(train.last, champion.last if champion else 0)
    assert seen < split.validation < split.test <= 12
    assert split.history.last < split.validation


def test_a_champion_trained_later_moves_the_test_behind_its_own_training():
    assert split_months(Months(1, 6), champion=Months(7, 9)).test == 11


@pytest.mark.parametrize("text", ["", "0-3", "3-13", "6-1", "jan-jun", "1-6-7", "1\u20136", "-3", "1.5-3"])
def test_months_that_do_not_exist_are_refused_with_the_next_step(text):
    with pytest.raises(MonthsError) as caught:
        parse_months(text)
    assert caught.value.exit_code == 2
    assert "--months 1-6" in caught.value.next_step


def test_one_month_is_a_range_of_its_own():
    assert parse_months(" 6 ") == Months(6, 6)


@pytest.mark.parametrize(
    ("train", "champion", "whose"),
    [
        (Months(6, 11), None, "--months 6-11"),
        (Months(1, 6), Months(1, 11), "the champion's training"),
    ],
)
def test_no_month_left_to_test_on_says_whose_training_is_in_the_way(train, champion, whose):
    with pytest.raises(MonthsError, match=whose):
        split_months(train, champion)
