"""The candidate beside live, with more and more of the traffic, each step left when the judge says PASS.

It stands there first without any traffic and answers the golden requests. Then its weight rises, in one and
the same endpoint config, so that at any moment one call gives all traffic back to live.
"""

from release.domain import names
from release.domain.plan import Split
from release.rollout.strategies.step import Context, Step, Watch

BESIDE = Split(0)


def steps(context: Context) -> tuple[Step, ...]:
    """Staged at weight 0, the shares of the settings, then alone under the stage's limits.

    A stage without a live release has nothing to compare with: its first one is watched alone.
    """
    if context.before.live is None:
        return (alone(context),)
    settings = context.settings
    config = context.beside(BESIDE)
    watch = Watch(beside=True, least=settings.step_seconds, most=settings.hold_seconds)
    shares = (Step(config.at(share), None, variant=None, watch=watch) for share in settings.steps)
    return (Step(config, None, variant=names.CANDIDATE), *shares, alone(context))


def alone(context: Context) -> Step:
    """The release that comes serves alone, and is watched until it has baked."""
    settings = context.settings
    return Step(context.arrived, None, watch=Watch(False, settings.bake_seconds, settings.hold_seconds))
