"""What an experiment has come to: exposures and outcomes are read, joined and judged; nothing moves.

Where nothing else is said they lie in the stage's bucket, `experiments/<id>/exposures/` and `…/outcomes/`.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from monitoring.capture.places import EXPOSURES, OUTCOMES, of_experiment
from monitoring.experiments import reading, report
from monitoring.experiments.joining import Scope, join
from monitoring.experiments.planner import Design, plan
from monitoring.experiments.report import Report
from monitoring.experiments.result import result
from release.domain.experiment import Experiment
from release.domain.names import CANDIDATE, LIVE
from release.operations.experiment import Running
from release.ports import World

Read = Callable[[str], Iterator[reading.Line]]
"""The lines of a place."""
HTML, MARKDOWN = "experiment.html", "experiment.md"


@dataclass(frozen=True)
class Places:
    """Where exposures and outcomes lie; none given: in the stage's bucket."""

    exposures: Sequence[str] = ()
    outcomes: Sequence[str] = ()


def design_of(asked: Experiment) -> Design:
    """What an experiment is to find."""
    return Design(asked.base, asked.minimum, asked.alpha, asked.power, asked.percent)


def look(world: World, running: Running, places: Places, read: Read) -> Report:
    """What the experiment has come to now. Raises UsageError for a place that is not there."""
    ports = world.stage(running.stage)
    bucket = f"s3://{ports.artifacts.bucket}/"
    exposed = places.exposures or [bucket + of_experiment(running.id, EXPOSURES)]
    came = places.outcomes or [bucket + of_experiment(running.id, OUTCOMES)]
    asked, now = running.asked, ports.clock.now()
    within = timedelta(hours=asked.within_hours)
    records = ports.settings.endpoints[running.endpoint].monitoring.records
    grace = timedelta(minutes=records.grace_minutes)
    scope = Scope(running.id, asked.percent, running.begun, within, grace, running.ended)
    releases = {running.candidate: CANDIDATE, running.live: LIVE}
    aside = reading.Troubles()
    joined = join(
        scope,
        reading.exposures((line for place in exposed for line in read(place)), aside, releases),
        reading.outcomes((line for place in came for line in read(place)), asked.outcome, aside),
        now,
    )
    joined.troubles.take(aside)
    design = design_of(asked)
    return Report(running, plan(design), result(design, joined), now)


def keep(world: World, found: Report) -> tuple[str, ...]:
    """Keep the report beside the rollout's evidence, as a page and as Markdown; where it lies."""
    evidence = world.stage(found.compared.stage).evidence
    shapes = ((HTML, report.page(found)), (MARKDOWN, report.markdown(found)))
    return tuple(evidence.put_report(found.compared.id, name, body.encode()) for name, body in shapes)
