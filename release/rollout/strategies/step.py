"""What strategies are made of: the context they see, and the steps they yield."""

from dataclasses import dataclass

from release.domain import deployment, names, plan
from release.domain.deployment import Deployment, Routing
from release.domain.pins import Pins, ReleasePin, RolloutSettings
from release.domain.plan import ConfigPlan, Split


@dataclass(frozen=True)
class Watch:
    """What is watched once a step's traffic has moved, before the step is left.

    `beside` live the judge compares both variants and has to say PASS; alone, what serves has to keep the
    stage's absolute limits. The step lasts at least `least` seconds; one that has no PASS after `most` is
    taken back.
    """

    beside: bool
    least: float
    most: float


@dataclass(frozen=True)
class Step:
    """One move of traffic: to `config` with its weights, as `deployment` says.

    Without a deployment it is a plain update: SageMaker's guardrails refuse one that adds or removes a
    variant. The golden requests of the release that comes are sent to `variant` (None: to nobody, where they
    would be taken for evidence, or cannot be aimed).
    """

    config: ConfigPlan
    deployment: Deployment | None
    variant: str | None = names.LIVE
    watch: Watch | None = None

    @property
    def share(self) -> int:
        """The candidate's share of the traffic in per cent, 100 where it serves alone."""
        weights = {variant.name: variant.weight for variant in self.config.production}
        if names.CANDIDATE in weights:
            return round(weights[names.CANDIDATE])
        return 0 if self.config.shadow else 100


@dataclass(frozen=True)
class Context:
    """What a strategy may look at: one endpoint's pins before and after, and the stage's settings for it."""

    stage: str
    endpoint: str
    before: Pins
    after: Pins
    settings: RolloutSettings

    @property
    def arrived(self) -> ConfigPlan:
        """The config in which the release that comes serves alone: every strategy's last."""
        return plan.config_plan(self.stage, self.endpoint, self._coming)

    def beside(self, split: Split) -> ConfigPlan:
        """The config in which it stands beside the release that is live, or in its shadow."""
        assert self.before.live is not None
        return plan.beside_plan(self.stage, self.endpoint, self.before.live, self._coming, split)

    def guarded(self, routing: Routing) -> Step:
        """One update, whose traffic SageMaker moves as `routing` says, under the alarms of the new fleet."""
        settings = self.settings
        return Step(
            self.arrived,
            Deployment(
                routing,
                step_percent=settings.step_percent,
                wait_seconds=0 if routing == "ALL_AT_ONCE" else settings.wait_seconds,
                termination_seconds=settings.termination_seconds,
                timeout_seconds=settings.timeout_seconds,
                alarms=deployment.alarm_names(self.arrived.name),
            ),
        )

    @property
    def _coming(self) -> ReleasePin:
        assert self.after.live is not None
        return self.after.live
