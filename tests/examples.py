"""How many examples and repetitions a test of its own needs, in proportion to what the run gives every other.

The run decides, see tests/conftest.py: the unit tests alone try few, `make test` more, and `make test-long`
ten times as many as that.
"""

from hypothesis import settings

QUICK, USUAL, MANY = 10, 40, 400
"""Examples that the unit tests alone, `make test` and `make test-long` give a property."""
_PART = 10
"""Which part of its repetitions a test makes in a quick run."""


def examples(times: float) -> settings:
    """`times` as many examples as this run gives a property."""
    return settings(max_examples=round(times * settings().max_examples))


def repeats(usual: int, least: int) -> int:
    """How often a test repeats what it repeats `usual` times in `make test`: less in a quick run."""
    return usual if settings().max_examples > QUICK else min(usual, max(least, usual // _PART))
