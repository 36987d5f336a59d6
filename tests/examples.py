"""How many examples a property of its own needs, in proportion to what the run gives every other."""

from hypothesis import settings


def examples(times: float) -> settings:
    """`times` as many examples as this run gives a property: the run decides, see tests/conftest.py."""
    return settings(max_examples=round(times * settings().max_examples))
