"""A known failure as a small value, and the ways to recognise one.

What a rule quotes is what its pattern matched and nothing else of a line, cut at QUOTED characters: a log may
hold what a caller sent, and that belongs in no error message. So a pattern ends where free text begins.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from release.domain.diagnosis.symptoms import Symptoms

QUOTED = 160
"""Characters of a quotation."""


@dataclass(frozen=True)
class Seen:
    """What made a rule recognise a failure: the evidence in words, and values for its sentences."""

    evidence: str
    values: Mapping[str, str] = field(default_factory=dict)


Recogniser = Callable[[Symptoms], Seen | None]
Condition = Callable[[Symptoms], bool]


@dataclass(frozen=True)
class Rule:
    """One known failure. `{…}` in its sentences are groups of its pattern, or names of the symptoms."""

    name: str
    recognise: Recogniser
    cause: str
    fix: str


def says(pattern: str, *conditions: Condition) -> Recogniser:
    """SageMaker, AWS, Pulumi or the rollout itself said it."""
    compiled = re.compile(pattern)

    def recognise(symptoms: Symptoms) -> Seen | None:
        found = compiled.search(symptoms.said)
        return _seen("AWS or the rollout said", found) if found and _all(conditions, symptoms) else None

    return recognise


def logs(pattern: str, *conditions: Condition) -> Recogniser:
    """A container of the release wrote it; the last line that holds it counts."""
    compiled = re.compile(pattern)

    def recognise(symptoms: Symptoms) -> Seen | None:
        if not _all(conditions, symptoms):
            return None
        found = [match for line in symptoms.lines if (match := compiled.search(line))]
        return _seen("the container's log says", found[-1]) if found else None

    return recognise


def holds(evidence: str, *conditions: Condition) -> Recogniser:
    """What was asked of the world fits; `evidence` says it."""

    def recognise(symptoms: Symptoms) -> Seen | None:
        return Seen(evidence) if _all(conditions, symptoms) else None

    return recognise


def either(*recognisers: Recogniser) -> Recogniser:
    """The first of several ways that recognises it."""

    def recognise(symptoms: Symptoms) -> Seen | None:
        return next((seen for way in recognisers if (seen := way(symptoms))), None)

    return recognise


def _all(conditions: tuple[Condition, ...], symptoms: Symptoms) -> bool:
    return all(condition(symptoms) for condition in conditions)


def _seen(who: str, found: re.Match[str]) -> Seen:
    quoted = " ".join(found[0].split())[:QUOTED].rstrip(" .:,;(\"'")
    return Seen(f'{who} "{quoted}"', {name: value or "?" for name, value in found.groupdict().items()})
