"""What watching an endpoint's objectives costs on AWS is what the page says: it goes by what is declared."""

import re

from tests.conftest import ROOT
from tests.infra.declared import NEW, NEXT, OLD, declare, pin, stage

LIVE = {
    "live": pin(NEW),
    "previous": pin(OLD),
    "instances": {"min": 2, "max": 8},
}
PER_METRIC, PER_COMPOSITE, PER_DASHBOARD = 0.10, 0.50, 3.00
"""US dollars a month, by CloudWatch's list of prices."""


class Declared:
    """What the program declares for one endpoint, by what AWS bills."""

    def __init__(self, tell: str = "pages and tickets", **endpoint) -> None:
        paging = {"paging": {"silence_minutes": 30, "tell": tell}}
        found = declare(stage({"delays": {**LIVE, "monitoring": paging, **endpoint}}, name="prod"))
        alarms = [one.inputs for one in found.of("MetricAlarm")]
        silent = [one for one in alarms if re.search("-(live|candidate)-", one["name"])]
        guards = [one for one in alarms if one not in silent]
        self.alarms, self.metrics = len(silent), sum(map(metrics, silent))
        self.guards, self.guards_metrics = len(guards), sum(map(metrics, guards))
        self.composites, self.dashboards = len(found.of("CompositeAlarm")), len(found.of("Dashboard"))

    @property
    def cost(self) -> float:
        """Of the objectives' alarms, their messages and the dashboard, a month."""
        shown = PER_COMPOSITE * self.composites + PER_DASHBOARD * self.dashboards
        return round(PER_METRIC * self.metrics + shown, 2)


def metrics(alarm) -> int:
    """How many metrics an alarm reads."""
    queries = alarm.get("metricQueries") or ()
    return len([query for query in queries if "metric" in query]) or 1


def said() -> str:
    """The chapter, in one line."""
    text = (ROOT / "docs/monitoring.md").read_text(encoding="utf-8")
    return " ".join(text.partition("### What it costs\n")[2].partition("\n### ")[0].split())


def test_the_page_says_what_is_declared():
    whole, pages = Declared(), Declared("pages")
    beside = Declared(candidate=pin(NEXT, beside=True))
    guarded = Declared(candidate=pin(NEXT), rollout={"strategy": "canary"})
    assert (whole.composites, whole.dashboards) == (2, 1)
    assert (pages.composites, pages.dashboards) == (1, 1)
    assert guarded.alarms == whole.alarms, "a guarded update has one variant"
    more, read = beside.alarms - whole.alarms, beside.metrics - whole.metrics
    rest, rest_read = guarded.guards - whole.guards, guarded.guards_metrics - whole.guards_metrics
    for words in (
        f"{whole.alarms} alarms on {whole.metrics} metrics, two composite alarms and a dashboard",
        f"costs about ${whole.cost:.2f} a month",
        f"`tell: pages` makes {pages.alarms} of the alarms on {pages.metrics} metrics, one composite alarm "
        f"and the dashboard: ${pages.cost:.2f}",
        f"A candidate beside live adds {more} alarms on {read} metrics while it is pinned",
        f"{whole.guards} on {whole.guards_metrics} metrics, and {rest} on {rest_read} more while",
    ):
        assert words in said()


def test_where_nothing_is_told_only_what_guards_updates_is_declared():
    found = Declared("nothing")
    assert (found.alarms, found.composites, found.dashboards, found.guards) == (0, 0, 0, 2)
