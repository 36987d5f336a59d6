"""Which captured records a command means: arguments into selectors, each refused in words of its own."""

import argparse
from datetime import date

from monitoring.capture.selection import Selector


def request(text: str) -> Selector:
    """One request, by the caller's name of it."""
    if not text or not text.isprintable():
        raise argparse.ArgumentTypeError(f"{text!a} is no InferenceId")
    return Selector("inference-id", text)


def subject(text: str) -> Selector:
    """All requests with a row of a value: `COLUMN=VALUE`."""
    column, equals, value = text.partition("=")
    if not column or not equals or not value or not _is_text(text):
        raise argparse.ArgumentTypeError(
            f"{text[:80]!a} names no value of a feature; write it as COLUMN=VALUE"
        )
    return Selector("subject", value, column)


def _is_text(text: str) -> bool:
    """Whether it can stand in a record: an argument that is no UTF-8 cannot."""
    return text == text.encode(errors="ignore").decode()


def day(text: str) -> Selector:
    """One day: `2026-12-31`."""
    try:
        return Selector("day", date.fromisoformat(text).isoformat())
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no day; write it as 2026-12-31") from None
