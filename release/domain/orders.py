"""What a person tells a rollout that is under way: hold it, let it go on, or take it back.

Orders lie beside the ledger; the process at work reads them while it watches.
"""

from typing import Literal

from pydantic import AwareDatetime

from release.domain.pins import Data

Wish = Literal["hold", "resume", "abort"]


class Order(Data):
    """The last order for a rollout: it holds until the next one."""

    wish: Wish
    by: str
    at: AwareDatetime
    reason: str = ""

    def __str__(self) -> str:
        return f"{self.by} said {self.wish}" + (f": {self.reason}" if self.reason else "")
