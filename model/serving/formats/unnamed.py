"""What formats have in common about values that nobody named, and names that name no value.

Rows without names are taken in the schema's order: a caller who has another order gets wrong scores and no
error. So a server can be told to refuse them, and its answers then say so.
"""

import re
from collections.abc import Collection, Sequence

VARIABLE = "SLIPWAY_ROWS_WITHOUT_NAMES"
UNNAMED_REFUSED = f"This server refuses rows without names ({VARIABLE}=refuse): name the features."
_INDEX = re.compile(r"|Unnamed: \d+(\.\d+)?")
"""What pandas calls an index without a name that it writes into CSV: nothing, and this when it was read."""


def index_columns(names: Sequence[str], features: Collection[str]) -> int:
    """How many of the first `names` are pandas' index and no value of a row."""
    for count, name in enumerate(names):
        if name in features or not _INDEX.fullmatch(name):
            return count
    return len(names)
