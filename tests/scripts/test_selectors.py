"""What a command's user names of captured records is a selector, or refused with words."""

import argparse

import pytest

from monitoring.capture.selection import Selector
from scripts.shared import selectors


def test_each_is_named_by_itself():
    assert selectors.request("f81d4fae") == Selector("inference-id", "f81d4fae")
    assert selectors.subject("tailnum=N7=25") == Selector("subject", "N7=25", "tailnum")
    assert selectors.day("2026-12-31") == Selector("day", "2026-12-31")


@pytest.mark.parametrize("odd", ["", "=", "x", "x=", "=1", "x=\udcff", "\udcff=1", "x" * 100_000])
def test_an_odd_subject_is_refused_in_a_line(odd: str):
    with pytest.raises(argparse.ArgumentTypeError, match="names no value") as refused:
        selectors.subject(odd)
    assert len(str(refused.value)) < 400


@pytest.mark.parametrize("odd", ["", "a\nb", "\udcff"])
def test_an_odd_request_is_refused(odd: str):
    with pytest.raises(argparse.ArgumentTypeError, match="no InferenceId"):
        selectors.request(odd)


@pytest.mark.parametrize("odd", ["", "today", "2026-02-30", "31.12.2026"])
def test_an_odd_day_is_refused(odd: str):
    with pytest.raises(argparse.ArgumentTypeError, match="is no day"):
        selectors.day(odd)
