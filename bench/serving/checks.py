"""What a long run has to show, as a value, and how it is told."""

from collections.abc import Sequence
from dataclasses import dataclass

_MARKS = {True: "[green]✓[/green]", False: "[red]✗[/red]", None: "-"}


@dataclass(frozen=True)
class Check:
    """One thing that had to hold. `ok` is None where the run was too short to say."""

    what: str
    ok: bool | None
    found: str

    @property
    def line(self) -> str:
        """For people, in rich's markup."""
        return f"{_MARKS[self.ok]} {self.what}: {self.found}"


def exit_code(checks: Sequence[Check]) -> int:
    """1 when something did not hold; what a short run cannot say counts as neither."""
    return 0 if all(each.ok is not False for each in checks) else 1
