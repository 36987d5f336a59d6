"""A rollout's step while it is watched: one picture that stays in place on a terminal, plain lines elsewhere.

Events come about once a second. On a terminal the picture is drawn anew for each, in one write and in place;
elsewhere a line is printed when something changed that a reader wants to know, and every half minute. With
`--json` each new verdict is a JSON line on stdout too.
"""

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from release.domain.events import Progress

SAID_AGAIN = 30.0
"""Seconds after which a line is printed though nothing changed."""
BAR = 10
"""Cells of each half of a bar."""
FAR = 7.0
"""Evidence this far (log) from its proof draws an empty half of a bar."""
STATES = {"within": "green", "beyond": "red", "undecided": "yellow"}
DECIDED = frozenset({"within", "beyond"})
NARROW = 100
"""Columns below which the picture leaves out what was seen in numbers."""
WAITS = "PASS waits for "
"""How the judge begins to say what is missing."""
FULL = 100
"""Per cent of the traffic of whoever serves alone."""

Reason = Mapping[str, Any]


class Watching:
    """Shows progress on `console`; `say` prints a line under the last step, `put` one on stdout."""

    def __init__(
        self, console: Console, as_json: bool, say: Callable[[str], None], put: Callable[[str], None]
    ) -> None:
        self._console = console
        self._as_json = as_json
        self._say = say
        self._put = put
        self._live: Live | None = None
        self._told, self._at, self._step = "", -math.inf, -1
        self._put_last: tuple[int, Reason | None] = -1, None

    def show(self, progress: "Progress") -> None:
        """What is known now."""
        if self._as_json and (progress.step, progress.verdict) != self._put_last:
            self._put_last = progress.step, progress.verdict
            self._put(json.dumps({"progress": asdict(progress)}, default=str))
        if self._console.is_terminal and not self._as_json:
            self._draw(progress)
        else:
            self._line(progress)

    def close(self) -> None:
        """The picture as it is now stays where it is, and others may print under it."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _draw(self, progress: "Progress") -> None:
        shown = picture(progress, self._console.width)
        if self._live is None:
            self._live = Live(
                shown, console=self._console, auto_refresh=False, redirect_stdout=False, redirect_stderr=False
            )
            self._live.start(refresh=True)
        else:
            self._live.update(shown, refresh=True)

    def _line(self, progress: "Progress") -> None:
        """A line, if it is news: a number that moved is none."""
        text = plain(progress)
        told = re.sub(r"[\d.,]+", "", f"{states(progress)} {progress.waits_for}")
        again = progress.seconds_in_step - self._at >= SAID_AGAIN
        if progress.step == self._step and told == self._told and not again:
            return
        self._told, self._at, self._step = told, progress.seconds_in_step, progress.step
        self._say(text)


def plain(progress: "Progress") -> str:
    """Progress in one line."""
    parts = [
        f"{_share(progress)} for {lasting(progress.seconds_in_step)}, {_rate(progress)} requests/s",
        states(progress),
        progress.waits_for,
        outlook(progress),
    ]
    return "; ".join(part for part in parts if part)


def states(progress: "Progress") -> str:
    """What is proven of which metric."""
    found: dict[str, list[str]] = {}
    for reason in reasons(progress):
        found.setdefault(reason["state"], []).append(reason["metric"])
    return ", ".join(f"{state}: {' '.join(names)}" for state, names in found.items())


def reasons(progress: "Progress") -> list[Reason]:
    """The reasons of the verdict, none before the first."""
    return list((progress.verdict or {}).get("reasons") or ())


def outlook(progress: "Progress") -> str:
    """How long the step still takes at this traffic, if things stay as they are; empty where nobody knows."""
    seen = [reason for reason in reasons(progress) if reason["requests"]]
    open_ = [reason for reason in seen if reason["state"] not in DECIDED]
    known = [wait for reason in open_ if (wait := wait_for(reason, progress)) is not None]
    if len(known) < len(open_) or not seen:
        return ""
    least = progress.least_seconds - progress.seconds_in_step
    longest = max([*known, least, 0.0])
    if longest <= 0:
        return ""
    words = f"about {lasting(longest)} more at this traffic"
    left = progress.most_seconds - progress.seconds_in_step
    return words if longest <= left else f"{words}, but it is taken back in {lasting(left)}"


def wait_for(reason: Reason, progress: "Progress") -> float | None:
    """Seconds until a metric is decided at this traffic; None when that cannot be told."""
    rate = progress.rate * progress.share / FULL
    needs = reason.get("needs")
    return needs / rate if needs and rate > 0 else None


def lasting(seconds: float) -> str:
    """A length of time in a few characters."""
    whole = max(round(seconds), 0)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02} min"


def picture(progress: "Progress", width: int) -> Group:
    """The whole picture, at most `width` columns wide; what does not fit is cut."""
    ahead = _steps(progress)
    since = f"  {_share(progress)} for {lasting(progress.seconds_in_step)}"
    since += f" (at least {lasting(progress.least_seconds)})" if progress.least_seconds else ""
    since += f", {_rate(progress)} requests/s"
    waits = Text.assemble(("  waits for ", "dim"), progress.waits_for.removeprefix(WAITS))
    lines: list[Any] = [ahead, Text(since)]
    if reasons(progress):
        lines.append(_metrics(progress, width))
    # Always as many lines: a picture that grows and shrinks would jump.
    lines += [waits, Text(f"  {outlook(progress)}", style="dim")]
    for line in lines:
        if isinstance(line, Text):
            line.truncate(width, overflow="ellipsis")
            line.no_wrap = True
    return Group(*lines)


def _rate(progress: "Progress") -> str:
    return f"{progress.rate:,.0f}" if progress.rate >= 100 else f"{progress.rate:.3g}"


def _share(progress: "Progress") -> str:
    return "alone" if progress.share == FULL else f"{progress.share} %"


def _steps(progress: "Progress") -> Text:
    line = Text("  ")
    for number, share in enumerate(progress.steps):
        words = "alone" if share == FULL else f"{share} %"
        if number < progress.step:
            line.append(f"✓ {words}", "green")
        elif number == progress.step:
            line.append(f"▸ {words}", "bold")
        else:
            line.append(f"· {words}", "dim")
        line.append("  ")
    return line


def _metrics(progress: "Progress", width: int) -> Table:
    """A row for each metric: its bar from PASS to FAIL, its state, what was seen and how long it takes."""
    table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 1), expand=False)
    table.add_column(no_wrap=True, overflow="ellipsis", max_width=18)
    table.add_column(no_wrap=True, width=2 * BAR + 11)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True, overflow="ellipsis")
    for reason in reasons(progress):
        state = str(reason["state"])
        wait = wait_for(reason, progress)
        told = [_seen(reason)] if width >= NARROW and reason["requests"] else []
        told += [f"about {lasting(wait)}"] if wait is not None else []
        name = Text(f"  {reason['metric']}")
        words = Text("  ".join(told), style="dim")
        table.add_row(name, bar(reason), Text(state, style=STATES.get(state, "dim")), words)
    return table


def _seen(reason: Reason) -> str:
    return f"{100 * reason['candidate']:.3g} % beside {100 * reason['live']:.3g} %"


def bar(reason: Reason) -> Text:
    """Evidence for PASS to the left of the middle, for FAIL to the right; a full half is a proof."""
    fails, passes = _part(reason.get("fail_evidence")), _part(reason.get("pass_evidence"))
    if not reason["requests"]:
        fails = passes = 0
    return Text.assemble(
        ("PASS ", "green" if passes == BAR else "dim"),
        ("·" * (BAR - passes), "dim"),
        ("█" * passes, "green"),
        ("│", "dim"),
        ("█" * fails, "red"),
        ("·" * (BAR - fails), "dim"),
        (" FAIL", "red" if fails == BAR else "dim"),
    )


def _part(evidence: float | None) -> int:
    """How much of half a bar a log of evidence fills; it is proven at 0, and only then full."""
    if evidence is None:
        return 0
    if evidence >= 0:
        return BAR
    return min(max(int(BAR * (1 + evidence / FAR)), 0), BAR - 1)
