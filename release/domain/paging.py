"""Who hears of an endpoint that does not keep its objectives, as a stage's file says it. Pure."""

from typing import Annotated, Literal

from pydantic import Field

from release.domain.burn_rates import Severity
from release.domain.values import Data

Told = Literal["pages and tickets", "pages", "nothing"]


class Paging(Data):
    """What the stage's topic hears of an endpoint's health."""

    tell: Told = "pages and tickets"
    """`pages` are for what callers notice now, tickets for what uses up the budget slowly or is about to be
    full. `nothing`: no alarm of the objectives is made."""
    silence_minutes: Annotated[int, Field(ge=5, le=1440)] | None = None
    """Callers are never silent for so long: it pages. Unset, no traffic is as good as any."""

    @property
    def severities(self) -> tuple[Severity, ...]:
        """What of the endpoint's health is told, pages first."""
        if self.tell == "nothing":
            return ()
        return ("page",) if self.tell == "pages" else ("page", "ticket")
