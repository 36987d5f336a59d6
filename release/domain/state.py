"""Where an endpoint stands when pins, ledger and SageMaker do not say the same, and what each command does.

The same few facts are asked before anything is decided (`release/operations/standing.py`). The first standing
that fits them counts, and `TABLE` has the answer to each: docs/state.md is written from it. Pure.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from release.domain import names, s3_uri
from release.domain.chain import OfLaterVersion
from release.domain.ledger import Closed, End, Opened, OpenRollout, Stored
from release.domain.pins import Pins

Role = Literal["source", "bring", "apply", "rollback"]
"""What a command wants of a stage: to promote from it, to bring it a release, to apply data, to go back."""


class Standing(StrEnum):
    """How pins, ledger and SageMaker stand to each other."""

    ELSEWHERE = "elsewhere"
    EMPTY = "empty"
    DAMAGED = "damaged"
    LATER = "later"
    EXPERIMENT = "experiment"
    OPEN = "open"
    OPEN_STALE = "open, stale"
    STALE = "stale"
    UNNAMED = "unnamed"
    GONE = "gone"
    MOVED = "moved"
    LACKING = "lacking"
    WHOLE = "whole"


class Does(StrEnum):
    """What a command does about a standing."""

    GOES_ON = "goes on"
    ANEW = "begins anew"
    MENDS = "mends it"
    BY_LEDGER = "as the ledger decides"
    REFUSES = "refuses"


@dataclass(frozen=True)
class Facts:
    """What is asked about one endpoint of a stage before anything is decided."""

    pins: Pins
    """As the stage file has them."""
    left: Pins | None = None
    """As the endpoint's last closed rollout left them; None where the ledger tells of none."""
    open: OpenRollout | None = None
    """The endpoint's rollout that is open."""
    wanted: str | None = None
    """The endpoint config in which the live release serves alone; None where nothing is live."""
    serves: str | None = None
    """The endpoint config that SageMaker serves; None where there is no endpoint."""
    provisioned: bool = True
    """Whether the stage has a bucket or a registry."""
    bucket: str | None = None
    """The stage's bucket, by the account and region of its settings."""
    damage: tuple[str, ...] = ()
    """What is wrong with the stage's ledger; of entries of a later version an `OfLaterVersion`."""
    missing: tuple[str, ...] = ()
    """What live or the way back needs and does not find; only `apply` and `status` ask for it."""


@dataclass(frozen=True)
class Answer:
    """The answer to one standing: what is so, what that would lead to, what each command does, what ends it.

    Its texts are filled by `told`.
    """

    so: str
    danger: str
    does: Mapping[Role, Does]
    ends: str
    held: bool = False
    """Whether a person has to decide: what refuses ends with 3, and not with 2."""


def _does(source: Does, bring: Does, apply: Does, rollback: Does) -> Mapping[Role, Does]:
    return {"source": source, "bring": bring, "apply": apply, "rollback": rollback}


TABLE: Mapping[Standing, Answer] = {
    Standing.ELSEWHERE: Answer(
        "The pins of {endpoint} in {file} are of another account or region: the stage's bucket is {bucket}.",
        "A command would look for them, and make things, where the stage is not",
        _does(*[Does.REFUSES] * 4),
        "Correct slipway:account and aws:region in {file}; ./slipway status {stage} shows what it finds then",
    ),
    Standing.EMPTY: Answer(
        "{file} names releases of {endpoint}, and nothing of {stage} is there, neither bucket nor endpoint.",
        "It was destroyed, or never made here",
        _does(Does.REFUSES, Does.ANEW, Does.REFUSES, Does.REFUSES),
        "Build it again from the stage before, or from the build: {entering}",
    ),
    Standing.DAMAGED: Answer(
        "The ledger of {stage} is damaged: {damage}.",
        "Nobody can tell for sure what was moved before",
        _does(Does.REFUSES, Does.REFUSES, Does.REFUSES, Does.GOES_ON),
        "See ./slipway verify {stage}, and put back what it names from the versions that the bucket keeps. "
        "Or go on over it, by the stage's file: ./slipway unlock {stage} --reason 'why'",
        held=True,
    ),
    Standing.LATER: Answer(
        "A later version of Slipway wrote into the ledger of {stage}: {later}.",
        "This version would misread where the stage stands",
        _does(Does.REFUSES, Does.REFUSES, Does.REFUSES, Does.GOES_ON),
        "Use that version: bring this checkout up to date (git pull), then see ./slipway status {stage}",
    ),
    Standing.EXPERIMENT: Answer(
        "An experiment of {endpoint} runs in {stage}, and {file} names both of its releases.",
        "",
        _does(Does.GOES_ON, Does.BY_LEDGER, Does.BY_LEDGER, Does.BY_LEDGER),
        "A person ends it: ./slipway experiment stop {stage} --endpoint {endpoint} --keep live "
        "--because 'why' (or --keep candidate); at once: ./slipway rollback {stage} --endpoint {endpoint}",
    ),
    Standing.OPEN: Answer(
        "A rollout of {endpoint} is open in {stage}, and {file} is as that rollout found it or leaves it.",
        "",
        _does(Does.GOES_ON, Does.BY_LEDGER, Does.BY_LEDGER, Does.BY_LEDGER),
        "The same command again, or ./slipway rollback {stage}. Where nobody can: "
        "./slipway unlock {stage} --reason 'why'",
    ),
    Standing.OPEN_STALE: Answer(
        "A rollout of {endpoint} is open in {stage}, and {file} is not the file that it began with.",
        "A stage file from before names other releases than those that serve",
        _does(Does.REFUSES, Does.BY_LEDGER, Does.BY_LEDGER, Does.BY_LEDGER),
        "Bring it up to date: ./slipway sync {stage}",
    ),
    Standing.STALE: Answer(
        "{file} is not as the last rollout of {endpoint} left it: it names {names}, the ledger {left}.",
        "A stage file from before (a lost commit, no git pull) leads to a release that serves no more",
        _does(*[Does.REFUSES] * 4),
        "Bring it up to date: ./slipway sync {stage}",
    ),
    Standing.UNNAMED: Answer(
        "{name} serves {serves}, and {file} names no live release of {endpoint}.",
        "Nobody here made it, and pulumi up would meet it as a stranger",
        _does(Does.GOES_ON, Does.REFUSES, Does.REFUSES, Does.REFUSES),
        "If nobody needs it: aws sagemaker delete-endpoint --endpoint-name {name}",
    ),
    Standing.GONE: Answer(
        "The endpoint {name} does not exist, and {file} says that it serves {wanted}: it was deleted.",
        "There is no traffic to move",
        _does(Does.GOES_ON, Does.REFUSES, Does.MENDS, Does.REFUSES),
        "Make it again from its pins: ./slipway apply {stage} --endpoint {endpoint}",
    ),
    Standing.MOVED: Answer(
        "{name} serves {serves}, and the live release is {wanted}: somebody moved it from outside.",
        "What serves was never proven here, and pulumi up could delete what it needs",
        _does(Does.GOES_ON, Does.REFUSES, Does.MENDS, Does.GOES_ON),
        "Bring it back by one UpdateEndpoint: ./slipway apply {stage} --endpoint {endpoint}",
    ),
    Standing.LACKING: Answer(
        "What {endpoint} needs to serve, or to go back, is not all there: {missing}.",
        "It could not scale out, or not go back",
        _does(Does.GOES_ON, Does.GOES_ON, Does.MENDS, Does.GOES_ON),
        "Make it again, or bring it from where it still is: ./slipway apply {stage} --endpoint {endpoint}",
    ),
    Standing.WHOLE: Answer("They say the same.", "", _does(*[Does.GOES_ON] * 4), ""),
}
"""Every standing in the order in which they are looked for, and its answer."""


def standings(facts: Facts) -> tuple[Standing, ...]:
    """How an endpoint stands; a damaged ledger is one more thing, and keeps no other from being so."""
    buckets = {s3_uri.parts(pin.model)[0] for pin in facts.pins.named}
    if facts.bucket is not None and buckets - {facts.bucket}:
        return (Standing.ELSEWHERE,)
    if buckets and not facts.provisioned and facts.serves is None:
        return (Standing.EMPTY,)
    later = _later(facts)
    damaged = [Standing.DAMAGED] if len(later) < len(facts.damage) else []
    return (*damaged, *([Standing.LATER] if later else []), _standing(facts))


def standing(facts: Facts) -> Standing:
    """The first of its standings."""
    return standings(facts)[0]


def _later(facts: Facts) -> list[str]:
    return [problem for problem in facts.damage if isinstance(problem, OfLaterVersion)]


def _standing(facts: Facts) -> Standing:
    found = facts.open
    if found is not None:
        known = (found.opened.before, found.opened.after)
        fits = any(same(facts.pins, pins) for pins in known)
        if found.rests and fits and facts.pins.candidate is not None:
            return Standing.EXPERIMENT
        if found.rests:
            # Whoever applied such a file would delete what the candidate serves with.
            return Standing.OPEN_STALE
        return Standing.OPEN if fits else Standing.OPEN_STALE
    nothing = facts.pins == Pins() and facts.serves is None
    if facts.left is not None and facts.pins != facts.left and not nothing:
        return Standing.STALE
    if facts.serves != facts.wanted:
        if facts.wanted is None:
            return Standing.UNNAMED
        return Standing.GONE if facts.serves is None else Standing.MOVED
    return Standing.LACKING if facts.missing else Standing.WHOLE


def same(one: Pins, other: Pins) -> bool:
    """Whether both name the same releases as live and as previous, whatever is on its way."""
    return (one.live, one.previous) == (other.live, other.previous)


def names_of(pins: Pins) -> str:
    """What pins name, in words. Where only a fleet's shape differs, it is told too."""
    live, previous, candidate = (
        f"{pin.release} (on {pin.capacity} of {pin.type})" if pin else None
        for pin in (pins.live, pins.previous, pins.candidate)
    )
    return f"{live or 'nothing'} as live, {previous or 'nothing'} as previous" + (
        f", {candidate} as the candidate" if candidate else ""
    )


def told(
    found: Standing, facts: Facts, stage: str, endpoint: str, entering: str = ""
) -> tuple[str, str, str]:
    """A standing in words: what is so, what that would lead to, and what ends it.

    `entering` is the command by which a release enters the stage.
    """
    answer = TABLE[found]
    values = {
        "stage": stage,
        "endpoint": endpoint,
        "file": f"Pulumi.{stage}.yaml",
        "name": names.endpoint(endpoint, stage),
        "serves": facts.serves,
        "wanted": facts.wanted,
        "entering": entering,
        "bucket": facts.bucket,
        "damage": "; ".join(facts.damage),
        "later": "; ".join(_later(facts)),
        "missing": "; ".join(facts.missing),
        "names": names_of(facts.pins),
        "left": names_of(facts.left or Pins()),
    }
    so, danger, ends = (text.format(**values) for text in (answer.so, answer.danger, answer.ends))
    return so, danger, ends


def pins_left(newest_first: Iterable[Stored], endpoints: Collection[str]) -> Iterator[tuple[str, Pins]]:
    """The pins with which the last closed rollout of each of these endpoints ended, where there is one."""
    missing, ends = set(endpoints), dict[str, End]()
    for stored in newest_first if missing else ():
        subject, what = stored.entry.subject, stored.entry.what
        if isinstance(what, Closed) and what.pins:
            yield from ((name, what.pins[name]) for name in sorted(missing & what.pins.keys()))
            missing -= what.pins.keys()
        if isinstance(what, Closed):
            ends[subject.rollout] = End(what.event)
        elif isinstance(what, Opened) and subject.endpoint in missing and subject.rollout in ends:
            missing.remove(subject.endpoint)
            yield subject.endpoint, what.after if ends[subject.rollout] is End.LANDED else what.before
        if not missing:
            return
