"""Judge recorded telemetry again: a policy and windows in, the verdict after every block out.

Text comes in as open streams; whoever opened them knows what they are called and closes them.
"""

from collections.abc import Iterator
from typing import TextIO

from pydantic import ValidationError
from ruamel.yaml import YAML, YAMLError

from release.domain import nearby
from release.domain.errors import UsageError
from release.domain.policy import Policy
from release.judge.evidence import in_order
from release.judge.fold import Fold
from release.judge.judge import Judge
from release.judge.verdict import Verdict
from release.judge.windows import MAX_LINE

MAX_POLICY = 65_536
"""Characters of a policy."""
MAX_WINDOWS = 500_000
"""Windows that are held in memory at once, some 2 kB each."""


def read_policy(stream: TextIO) -> Policy:
    """The policy in a text of YAML or JSON, with the keys of a stage's `slipway:judge`. Raises UsageError."""
    try:
        text = stream.read(MAX_POLICY + 1)
        if len(text) > MAX_POLICY:
            raise UsageError(
                f"{stream.name} is too long for a policy.", "Nothing was judged.", "Name another file."
            )
        return Policy.model_validate(YAML(typ="safe").load(text) or {})
    except ValidationError as error:
        lines = "; ".join(
            f"{'.'.join(map(str, e['loc'])) or 'policy'}: {nearby.wrong(Policy, e)}" for e in error.errors()
        )
        raise UsageError(
            f"{stream.name} is a policy that cannot decide: {lines}",
            "Nothing was judged.",
            "Correct the named keys; docs/judge.md explains each with its default.",
        ) from None
    except (UnicodeDecodeError, YAMLError) as error:
        raise UsageError(
            f"The policy cannot be read: {error}", "Nothing was judged.", "Name another file."
        ) from None


def replay(windows: TextIO, policy: Policy, as_it_came: bool = False) -> Iterator[Verdict]:
    """The verdict after each block of recorded windows, one JSON object a line. Raises UsageError.

    The windows are put in order of time first. With `as_it_came` their lines are in the order of arrival, and
    a window can be too late, as it was during the rollout. Without any window there is one verdict: HOLD.
    """
    if as_it_came:
        fold = Fold(policy)
        for line in _lines(windows):
            yield from fold.add(line)
        yield from fold.finish() or [fold.verdict()]
        return
    judge = Judge(policy)
    blocks, evidence = in_order(_lines(windows, MAX_WINDOWS), policy)
    for block in blocks:
        judge.add(block)
        yield judge.verdict(dict(evidence.set_aside))
    if not blocks:
        yield judge.verdict(dict(evidence.set_aside))


def _lines(stream: TextIO, most: int | None = None) -> Iterator[str]:
    """The lines that are not empty; of one that is too long for a window, its beginning."""
    found = 0
    while line := stream.readline(MAX_LINE + 1):
        rest = line
        while rest and not rest.endswith("\n"):
            rest = stream.readline(MAX_LINE + 1)
        if not line.strip():
            continue
        found += 1
        if most is not None and found > most:
            raise UsageError(
                f"{stream.name} holds more than {most:,} windows, too many to put in order.",
                "No verdict was given.",
                "Judge a part of it, or windows in the order of their arrival: --as-it-came.",
            )
        yield line
