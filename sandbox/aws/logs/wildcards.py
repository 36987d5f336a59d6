"""Wildcards (`*`) and regular expressions (`%…%`) of filter patterns, as Python's patterns. Pure."""

import re

_MOST_REGEX = 200
_DANGER = re.compile(r"\)[*+{]|\(\?|\\[1-9]")
"""A group that repeats, a look-around, a back-reference: CloudWatch has none, and they can take for ever."""


class BadPattern(ValueError):
    """A pattern that CloudWatch would refuse."""

    def __str__(self) -> str:
        return "Invalid filter pattern"


def wildcard(text: str) -> re.Pattern[str]:
    """A pattern for all of a text in which `*` stands for any characters."""
    parts = re.sub(r"\*+", "*", text).split("*")
    return re.compile(".*?".join(re.escape(part) for part in parts), re.DOTALL)


def compiled(text: str) -> re.Pattern[str]:
    """A regular expression of a pattern. Raises BadPattern for one that CloudWatch does not have."""
    if len(text) > _MOST_REGEX or _DANGER.search(text):
        raise BadPattern
    try:
        return re.compile(text)
    except re.error as error:
        raise BadPattern from error
