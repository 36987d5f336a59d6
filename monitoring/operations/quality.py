"""Quality: new truth is taken in, what changed is counted by day, and the live release's quality is told."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from monitoring.alerts.kept import Look
from monitoring.hours import ALWAYS, day_begins, day_ends
from monitoring.operations.quality_days import NAMED, Rules, all_of, days
from monitoring.operations.truth import Hours, Sources, again, take_in
from monitoring.quality.known import Known, Reached
from monitoring.quality.known import known as known_of
from monitoring.quality.reporting import Counts, Promised, Quality, Subject, assess
from release.domain.errors import UsageError
from release.domain.manifest import Manifest
from release.domain.quality_settings import QualitySettings
from release.ports import StagePorts

PROBABILITY = "probability"
"""The one kind of answer that is measured."""


@dataclass(frozen=True)
class Told:
    """The quality of a release, and how its labels came."""

    quality: Quality
    known: Known
    why: tuple[str, ...]
    """Why no more is known."""
    files: int
    """Truth files that were read, ever; ..."""
    new: int
    """... of these, now."""
    labels: int
    """Labels in all of them."""
    waiting: int
    """Labels whose row is not there yet."""
    repeats: tuple[str, ...] = ()
    """Inference ids of records that repeat an earlier one, of the newest days."""
    troubles: Mapping[str, int] = field(default_factory=dict)
    """Lines and files that say nothing, by cause; they lie in quarantine."""

    @property
    def unjudged(self) -> bool:
        """Whether something is not judged that should be by now, whatever else alarms."""
        return self.known is not Known.EARLY and bool(self.why)

    def needs_a_person(self, dismissed: Collection[str]) -> bool:
        """Whether somebody has to look; not for findings that a person has `dismissed`, by their ids."""
        return self.unjudged or any(one.id not in dismissed for one in self.quality.findings)


def quality(
    ports: StagePorts, sources_of: Callable[[str], Sources], endpoint: str | None, read_again: str = ""
) -> Told:
    """The quality of what is live, as of now; files under `read_again` are read anew before.

    Raises UsageError for an endpoint that serves nothing, has no truth, or answers no probability.
    """
    name = ports.settings.only_endpoint(endpoint)
    settings = ports.settings.endpoints[name]
    live, rules = settings.pins.live, settings.monitoring.quality
    if live is None:
        raise UsageError(
            f"Endpoint {name} of {ports.name} serves nothing, so its quality cannot be measured.",
            "Nothing was read.",
            f"Release a model first (./slipway promote {ports.name}).",
        )
    if rules.truth is None:
        raise UsageError(
            f"Nobody says where the truth of endpoint {name} of {ports.name} lies.",
            "How good its answers are is not known.",
            f"Set slipway:endpoints.{name}.monitoring.quality: {{truth: s3://BUCKET/FOLDER}} in "
            f"Pulumi.{ports.name}.yaml (docs/monitoring.md, Quality).",
        )
    manifest = ports.artifacts.manifest(live.release)
    _refuse_other_kinds(manifest, name)
    sources = sources_of(name)
    with sources.book.working():
        if read_again:
            again(sources, read_again)
        return measure(sources, Subject(name, live.release, ports.clock.now()), rules, promised(manifest))


def look(found: Quality, window_days: int) -> Look | None:
    """What the judged days could show; None where no day is judged."""
    if not found.judged or found.calibration is None:
        return None
    ranking = ("auc", "log_loss") if len(found.judged) >= window_days else ()
    return Look(
        endpoint=found.subject.endpoint,
        release=found.subject.release,
        kinds=("quality",),
        since=day_begins(found.judged[0]),
        until=day_ends(found.judged[-1]),
        subjects={one.subject for one in (found.calibration, *found.slices)} | {*ranking},
    )


def promised(manifest: Manifest) -> Promised:
    """What a release's evidence said of its quality."""
    bounds = {gate.name: gate.bound for gate in manifest.gates}
    rate = manifest.evaluation.get("test_base_rate")
    return Promised(
        calibration=bounds.get("calibration"),
        auc=bounds.get("auc"),
        base_rate=float(rate) if isinstance(rate, int | float) else None,
    )


def _refuse_other_kinds(manifest: Manifest, endpoint: str) -> None:
    output = manifest.input_schema.get("output")
    kind = output.get("kind", PROBABILITY) if isinstance(output, Mapping) else PROBABILITY
    if kind != PROBABILITY:
        raise UsageError(
            f"Endpoint {endpoint} answers with no probability ({kind}): quality is measured of these alone.",
            "Its truth was not read; drift and health are watched as of any other.",
            f"Take monitoring.quality out of endpoint {endpoint} in the stage's file.",
        )


def measure(sources: Sources, subject: Subject, settings: QualitySettings, promised: Promised) -> Told:
    """Take in what is new, and tell the quality of the release as of `subject.until`."""
    final = sources.rows.final()
    before = final or ALWAYS
    hours = {hour: content for hour, content in sources.rows.hours().items() if hour < before}
    there = Hours(subject.until, before, hours)
    new = take_in(sources, there, timedelta(hours=settings.unknown_after_hours))
    found = days(sources, there, Rules(settings.slices, timedelta(hours=settings.settle_hours)))
    taken, (pending, _) = sources.book.taken().values(), sources.book.pending()
    troubles: Counter[str] = Counter()
    for counts in pending.troubles.values():
        troubles.update(counts)
    quality = assess(Counts(all_of(found.now), all_of(found.judged)), subject, settings, promised)
    repeats = [name for day in sorted(found.now, reverse=True) for name in found.now[day].repeats]
    total = sum(troubles.values())
    labels = sum(one.labels for one in taken)
    reached = Reached(final, len(taken), labels, total)
    what, why = known_of(quality, reached, settings)
    return Told(
        quality=quality,
        known=what,
        why=why,
        files=len(taken),
        new=new,
        labels=labels,
        waiting=len(pending.waiting),
        repeats=tuple(repeats[:NAMED]),
        troubles=dict(sorted(troubles.items())),
    )
