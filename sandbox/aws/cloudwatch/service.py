"""CloudWatch as one part of the sandbox: its clock, its metrics, and alarms that are evaluated on time."""

from collections.abc import Callable

from sandbox.aws.cloudwatch.alarms.api import AlarmsApi
from sandbox.aws.cloudwatch.alarms.evaluator import Evaluator, backends
from sandbox.aws.cloudwatch.clock import Clock
from sandbox.aws.cloudwatch.metrics.api import MetricsApi, store


class CloudWatch:
    """One per sandbox: `install` it once, then `run` it on the event loop and `tidy` it now and then.

    `before_evaluation` is called before alarms are evaluated: it has to put the metrics that were counted
    since the last time.
    """

    def __init__(self, time_scale: float, before_evaluation: Callable[[], None]) -> None:
        self.clock = Clock()
        self._evaluator = Evaluator(self.clock, before_evaluation, time_scale)
        self._alarms = AlarmsApi(self._evaluator)
        self._metrics = MetricsApi(self.clock)

    def install(self) -> None:
        """Put the actions on alarms and metrics into moto."""
        self._alarms.install()
        self._metrics.install()

    async def run(self) -> None:
        """Evaluate alarms until cancelled."""
        await self._evaluator.run()

    def tidy(self) -> None:
        """Let go of metrics that are too old to be asked for."""
        for backend in backends():
            store(backend).tidy(self.clock.now())

    def in_alarm(self, account: str, region: str, names: tuple[str, ...]) -> list[str]:
        """Those of an account's alarms `names` that are in ALARM."""
        return self._alarms.in_alarm(account, region, names)

    def advance(self, seconds: float) -> float:
        """Move the clock forward; alarms that become due are evaluated at once. Returns the new time."""
        now = self.clock.advance(seconds)
        self._evaluator.wake()
        return now
