"""CloudWatch and its Logs as one part of the sandbox: made, installed into moto and kept going here."""

from collections.abc import Callable, Iterable, Sequence

from sandbox.cloudwatch.alarms_api import AlarmsApi
from sandbox.cloudwatch.clock import Clock
from sandbox.cloudwatch.evaluator import Evaluator, backends
from sandbox.cloudwatch.instance_metrics import InstanceMetrics
from sandbox.cloudwatch.metrics_api import MetricsApi, store
from sandbox.cloudwatch.sagemaker_metrics import Metrics
from sandbox.endpoints.state import Endpoint
from sandbox.fleets.instance import Instance
from sandbox.logs.api import LogsApi


class CloudWatch:
    """One per sandbox. `install` once, then `run` on the event loop and `publish` twice a second."""

    def __init__(self, time_scale: float, instances: Callable[[], Iterable[Instance]]) -> None:
        self.clock = Clock()
        self.metrics = Metrics(self.clock)
        self._instances = instances
        self._usage = InstanceMetrics(self.clock)
        self._logs = LogsApi(self.clock)
        self._before_evaluation: Callable[[], None] = self.publish
        self._evaluator = Evaluator(self.clock, lambda: self._before_evaluation(), time_scale)
        self._alarms = AlarmsApi(self._evaluator)
        self._metrics_api = MetricsApi(self.clock)

    def install(self, before_evaluation: Callable[[], None]) -> None:
        """Put the actions into moto. `before_evaluation` publishes what is on its way; it calls `publish`."""
        self._before_evaluation = before_evaluation
        self._alarms.install()
        self._metrics_api.install()
        self._logs.install()

    async def run(self) -> None:
        """Evaluate alarms until cancelled."""
        await self._evaluator.run()

    def publish(self) -> None:
        """Give what was counted and measured to the metrics, and let go of what is old."""
        self.metrics.publish()
        self._usage.poll(self._instances())
        for backend in backends():
            store(backend).tidy(self.clock.now())

    def put_lines(self, account: str, region: str, group: str, stream: str, lines: Sequence[str]) -> None:
        """What a model server printed, as log events and, where they carry them, as metrics."""
        self._logs.put_lines(account, region, group, stream, lines)

    def in_alarm(self, endpoint: Endpoint, names: tuple[str, ...]) -> list[str]:
        """Those of the endpoint's alarms `names` that are in ALARM."""
        return self._alarms.in_alarm(endpoint, names)

    def advance(self, seconds: float) -> float:
        """Move the clock forward; alarms that become due are evaluated at once. Returns the new time."""
        now = self.clock.advance(seconds)
        self._evaluator.wake()
        return now
