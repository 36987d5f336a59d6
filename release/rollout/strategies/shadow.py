"""First in the shadow of live, with a copy of its requests and nobody waiting for its answers; then judged.

SageMaker allows one shadow variant beside one production variant, and aims no request at it: the golden
requests come when the candidate stands beside live.
"""

from release.domain.plan import Split
from release.rollout.strategies import judged
from release.rollout.strategies.step import Context, Step, Watch

MIRROR = Split(100, shadow=True)


def steps(context: Context) -> tuple[Step, ...]:
    """The mirror, then every step of `judged`."""
    then = judged.steps(context)
    if context.before.live is None:
        return then
    settings = context.settings
    watch = Watch(beside=True, least=settings.step_seconds, most=settings.hold_seconds)
    return (Step(context.beside(MIRROR), None, variant=None, watch=watch), *then)
