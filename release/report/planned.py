"""What would be done to the stages, in Markdown for a pull request or the summary of a CI job."""

from collections.abc import Iterator, Sequence

from release.domain.planned import Change, Deed, StagePlan, exit_code
from release.report.markdown import text

SIGNS = {Deed.CREATE: "+", Deed.CHANGE: "~", Deed.REPLACE: "±", Deed.DELETE: "-"}
LISTED = 50
"""Resources of a stage that are listed by name."""


def headline(plans: Sequence[StagePlan]) -> str:
    """All stages in one sentence."""
    lost = [found.stage for found in plans if found.touched]
    untold = [found.stage for found in plans if found.failure]
    if exit_code(plans) == 1:
        return f"In {', '.join(lost)} something that a pin names would be replaced or deleted"
    if untold:
        return f"{', '.join(untold)} could not be asked"
    changed = [found.stage for found in plans if found.changes]
    new = [found.stage for found in plans if not found.made]
    words = [f"{', '.join(changed)} would change"] if changed else []
    words += [f"{', '.join(new)} would be made"] if new else []
    return "; ".join(words) if words else "Nothing would change"


def counts(plan: StagePlan) -> str:
    """One stage's changes in a few words."""
    if plan.failure:
        return "could not be asked"
    if not plan.made:
        return "nothing is there yet: pulumi up makes all of it"
    told = [f"{plan.count(deed)} to {deed.value}" for deed in Deed if plan.count(deed)]
    return ", ".join(told) or "nothing changes"


def line(change: Change) -> str:
    """One change, with what of the resource differs."""
    properties = f" ({', '.join(change.properties)})" if change.properties else ""
    return f"{SIGNS[change.deed]} {change}{properties}"


def markdown(plans: Sequence[StagePlan]) -> str:
    """The verdict first, then a table of the stages, then what each has to say."""
    sign = {0: "✅", 1: "❌", 4: "⚠️"}[exit_code(plans)]
    head = "".join(f" {deed.value} |" for deed in Deed)
    lines = [
        f"## {sign} {text(headline(plans))}",
        "",
        f"| stage |{head} pins |",
        f"|---|{'---|' * (len(Deed) + 1)}",
    ]
    lines += [_row(plan) for plan in plans]
    for plan in plans:
        told = list(_told(plan))
        lines += ["", f"### {text(plan.stage)}", "", *told] if told else []
    return "\n".join([*lines, ""])


def _row(plan: StagePlan) -> str:
    known = plan.made and not plan.failure
    cells = [str(plan.count(deed)) if known else "?" for deed in Deed]
    return f"| {' | '.join([text(plan.stage), *cells, str(len(plan.pins))])} |"


def _told(plan: StagePlan) -> Iterator[str]:
    if plan.failure:
        yield f"⚠️ {text(plan.failure.cause)} {text(plan.failure.next_step)}"
    if not plan.made:
        yield text(counts(plan))
    for found in plan.touched:
        named = "; ".join(map(str, found.named_by))
        what = f"{found.change.deed.value} {text(str(found.change))}"
        yield f"- ❌ {what}: named as {text(named)}. {text(found.next_step)}"
    yield from (f"- pin of {text(str(change))}" for change in plan.pins)
    if plan.changes:
        yield from ("", "```diff")
        for change in plan.changes[:LISTED]:
            yield line(change).replace("`", "'")
        yield from [f"  and {len(plan.changes) - LISTED} more"] * (len(plan.changes) > LISTED)
        yield "```"
