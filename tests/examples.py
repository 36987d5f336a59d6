"""How many examples and repetitions a test of its own needs, in proportion to what the run gives every other.

The run decides, see tests/conftest.py: the unit tests alone try few, `make test` ten times as many.
"""

from hypothesis import settings

USUAL = 100
"""Examples that `make test` gives a property."""


def examples(times: float) -> settings:
    """`times` as many examples as this run gives a property."""
    return settings(max_examples=round(times * settings().max_examples))


def repeats(usual: int, least: int) -> int:
    """How often a test repeats what it repeats `usual` times in `make test`: less in a quick run."""
    return min(usual, max(least, usual * settings().max_examples // USUAL))
