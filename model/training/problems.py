"""What is wrong with data, as sentences that name column, rows and the fix. Pure."""

import re
from collections.abc import Iterable, Mapping, Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from model.errors import DataError

MOST_ROWS = 3
"""Row numbers that are named; the others are counted."""
MOST_PROBLEMS = 6
LONGEST = 40
"""Characters of a value that are told."""
ALIKE = 0.6
"""Two names that are so much alike are likely the old and the new name of one column."""


class Problem(NamedTuple):
    """One thing that is wrong, and what to do about it."""

    what: str
    fix: str


def refuse(what: str, problems: Sequence[Problem]) -> None:
    """Raise DataError where there are problems; `what` is of whom they are."""
    if not problems:
        return
    told = problems[:MOST_PROBLEMS]
    more = f"; and {len(problems) - len(told)} more" if len(problems) > len(told) else ""
    fixes = dict.fromkeys(problem.fix for problem in told)
    raise DataError(
        f"{what} is not as the service says: {'; '.join(problem.what for problem in told)}{more}.",
        "Nothing was trained.",
        " ".join(f"{fix[0].upper()}{fix[1:]}." for fix in fixes),
    )


def rows(where: NDArray[np.bool_]) -> str:
    """The first of the rows that are true, counted from 0, and how many there are: `rows 3, 8, 9 of 40`."""
    found = np.flatnonzero(where)
    shown = ", ".join(str(row) for row in found[:MOST_ROWS])
    if len(found) == len(where) > MOST_ROWS:
        return f"every row ({len(where):,})"
    many = f" and {len(found) - MOST_ROWS:,} more" if len(found) > MOST_ROWS else ""
    return f"{'row' if len(found) == 1 else 'rows'} {shown}{many} (of {len(where):,}, from 0)"


def shown(value: object) -> str:
    """One value as an example: text in quotes, and not all of a long one."""
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def renamed(gone: Iterable[str], unknown: Iterable[str]) -> Mapping[str, str]:
    """By each column that is gone the unknown one that is likely its new name, the most alike first."""
    old, new = list(dict.fromkeys(gone)), list(dict.fromkeys(unknown))
    pairs = sorted(((_alike(a, b), a, b) for a in old for b in new), key=lambda pair: -pair[0])
    found: dict[str, str] = {}
    for alike, before, after in pairs:
        if alike >= ALIKE and before not in found and after not in found.values():
            found[before] = after
    if len(old) == len(new) == 1:
        found.setdefault(old[0], new[0])
    return found


def no_column(name: str, there: Iterable[str], new_name: str | None) -> Problem:
    """A column is gone: renamed, doubled by a join, or left out. `there` are the columns that there are."""
    sides = [side for side in there if side in (f"{name}_x", f"{name}_y")]
    if len(sides) == 2:
        return Problem(
            f"its table has no column {name!r}, but {sides[0]!r} and {sides[1]!r}: both sides of a join have "
            "it",
            f"drop {name!r} from one side before the join",
        )
    if new_name is not None:
        return Problem(
            f"its table has no column {name!r}, and {new_name!r} is likely its new name",
            f"rename it in load, by rename(columns={{{new_name!r}: {name!r}}}), if it means the same",
        )
    return Problem(
        f"its table has no column {name!r}",
        f"have load bring {name!r}, or take it out of what the service declares",
    )


def _alike(one: str, other: str) -> float:
    """1 for two spellings of the same words, in any order."""
    ours, theirs = _words(one), _words(other)
    if sorted(ours) == sorted(theirs) or "".join(ours) == "".join(theirs):
        return 1.0
    return SequenceMatcher(None, "".join(ours), "".join(theirs)).ratio()


def _words(name: str) -> list[str]:
    apart = re.sub(r"([a-z])([A-Z])", r"\1 \2", name)
    return re.findall(r"[a-z]+|[0-9]+", apart.lower())
