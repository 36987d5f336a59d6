"""The text of a proposal's pull request: what changes, on what evidence, what is still needed, the way back.

In Markdown. Texts of a release or a person are escaped, as in a report's Markdown.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from release.domain.ledger import Judged
from release.domain.manifest import GateResult, Manifest
from release.domain.past import traffic
from release.domain.pins import ReleasePin, RolloutSettings
from release.domain.request_schema import Compared
from release.report.changes import differences
from release.report.markdown import table, text
from release.report.words import lasting


@dataclass(frozen=True)
class Evidence:
    """What is told of a release that is proposed."""

    stage: str
    endpoint: str
    live: ReleasePin | None
    coming: ReleasePin
    manifests: tuple[Manifest, ...]
    """Those of both, as far as they can be read."""
    gates: Sequence[GateResult]
    """What was asked today; those that did not pass wait for time, or for people."""
    needed: Sequence[str]
    """What is still missing, each with what to do."""
    grounds: str
    """What people said for it, in words."""
    source: str
    lived: float | None
    """For how many seconds it has been live in the source; None where nobody knows."""
    judged: Sequence[Judged]
    """How it was judged in the source."""
    schema: Compared | None
    """What live promises, and it does not keep or accepts besides; None where nothing is compared."""
    rollout: RolloutSettings
    reason: str = ""
    diff: str = ""


def body(title: str, told: Evidence) -> str:
    """The whole text."""
    stage = told.stage
    lines = [
        f"## {text(title)}",
        "",
        *([text(f"Why: {told.reason}"), ""] if told.reason else []),
        f"Nothing has moved yet. Once this is merged, `./slipway promote {stage} --merged` asks the gates "
        f"again and rolls the release out in {stage}; run again, it does nothing more.",
        "",
        *_needed(told),
        "### What changes",
        "",
        *_changes(told),
        "",
        "### Evidence",
        "",
        *_gates(told),
        *_source(told),
        *_callers(told),
        f"- Its model card: `./slipway card {text(told.coming.release)}`",
        "",
        "### The rollout and the way back",
        "",
        f"- Traffic moves {_strategy(told.rollout)}.",
        f"- {_way_back(told)}",
        "- Close this instead of merging it, and nothing happens.",
        "",
        "<details><summary>The change of the stage's file</summary>",
        "",
        "```diff",
        told.diff.rstrip("\n"),
        "```",
        "",
        "</details>",
        "",
    ]
    return "\n".join(lines)


def _needed(told: Evidence) -> list[str]:
    if not told.needed:
        return []
    return ["### Still needed", "", *(f"- [ ] {text(line)}" for line in told.needed), ""]


def _changes(told: Evidence) -> list[str]:
    manifests = {manifest.id: manifest for manifest in told.manifests}
    own = {"instance type", "instances at the start"}
    rows = [
        (text(found.what), text(found.before), text(found.after))
        for found in differences(told.live, told.coming, manifests)
        if found.changed and found.what not in own and not found.what.startswith("variable ")
    ]
    return table(("", "live now", "proposed"), rows)


def _gates(told: Evidence) -> list[str]:
    rows = [
        (
            text(gate.name),
            "✅" if gate.passed else "waits",
            "" if gate.value is None else f"{gate.value:.4g}",
            "" if gate.bound is None else f"{gate.bound:.4g}",
            text(gate.reason),
        )
        for gate in told.gates
    ]
    said = [f"- {text(told.grounds)}"] if told.grounds else []
    return [*table(("gate", "", "measured", "bound", "why"), rows, frozenset({2, 3})), "", *said]


def _source(told: Evidence) -> list[str]:
    lived = "since when, its ledger does not say" if told.lived is None else f"for {lasting(told.lived)}"
    lines = [f"- Live in {text(told.source)} {lived}"]
    for found in told.judged:
        says = f"{found.decision} {traffic(found)}, {found.requests:,} requests in {lasting(found.seconds)}"
        lines.append(f"- Judged there: {text(f'{says}: {found.because}')}")
    if not told.judged:
        lines.append(f"- Not judged in {text(told.source)}: its strategy there asks no judge")
    return lines


def _callers(told: Evidence) -> list[str]:
    if told.schema is None:
        return ["- Callers: there is no live release whose promise it could break"]
    broken = [f"- ⚠️ Callers: {text(line)}" for line in told.schema.broken]
    gained = [f"- Callers: it newly accepts {text(line)}" for line in told.schema.gained]
    return [*broken, *gained] or ["- Callers: it accepts the same requests as live"]


def _strategy(rollout: RolloutSettings) -> str:
    match rollout.strategy:
        case "judged" | "shadow":
            steps = ", ".join(f"{step} %" for step in rollout.steps)
            first = "after a shadow, " if rollout.strategy == "shadow" else ""
            return f"{first}in steps of {steps} on the judge's PASS, then alone ({rollout.strategy})"
        case "canary" | "linear":
            return f"{rollout.step_percent} % of the fleet first, under alarms ({rollout.strategy})"
        case _:
            return "all at once"


def _way_back(told: Evidence) -> str:
    if told.live is None:
        return f"It is the first release of {text(told.endpoint)} in {told.stage}: there is no way back."
    return (
        f"Back at any time, without Git and Pulumi: `./slipway rollback {told.stage}` "
        f"({text(told.live.release)} serves again)."
    )
