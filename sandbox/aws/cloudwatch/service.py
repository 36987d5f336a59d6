"""CloudWatch as one part of the sandbox: its clock, its metrics, and alarms that are evaluated on time."""

from collections.abc import Callable, Mapping
from typing import Any

from moto.cloudwatch.models import Alarm, CloudWatchBackend, cloudwatch_backends

from sandbox.aws.cloudwatch.alarms.api import AlarmsApi
from sandbox.aws.cloudwatch.alarms.definition import AlarmDefinition
from sandbox.aws.cloudwatch.alarms.evaluator import Evaluator, backends
from sandbox.aws.cloudwatch.alarms.rules import ALARM
from sandbox.aws.cloudwatch.alarms.state import LISTENERS
from sandbox.aws.cloudwatch.clock import Clock
from sandbox.aws.cloudwatch.dashboards import api as dashboards
from sandbox.aws.cloudwatch.metrics.api import MetricsApi, store
from sandbox.aws.cloudwatch.metrics.distributions import of_values
from sandbox.aws.cloudwatch.metrics.store import MetricKey, Point


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

    def listen(self, hear: Callable[[str, str, str, Mapping[str, Any]], None]) -> None:
        """Tell of every alarm that changes its state: account, region, its ARN, the detail of the event."""

        def told(backend: CloudWatchBackend, alarm: Alarm, detail: Mapping[str, Any]) -> None:
            hear(backend.account_id, backend.region_name, alarm.alarm_arn, detail)

        LISTENERS.append(told)

    def install(self) -> None:
        """Put the actions on alarms, metrics and dashboards into moto."""
        self._alarms.install()
        self._metrics.install()
        dashboards.install()

    async def run(self) -> None:
        """Evaluate alarms until cancelled."""
        await self._evaluator.run()

    def tidy(self) -> None:
        """Let go of metrics that are too old to be asked for."""
        for backend in backends():
            store(backend).tidy(self.clock.now())

    def put_alarm(
        self,
        account: str,
        region: str,
        params: Mapping[str, Any],
        evaluated: Callable[[AlarmDefinition], AlarmDefinition],
    ) -> Alarm:
        """An alarm that another service makes and owns; `evaluated` may say how it really is."""
        return self._alarms.put_for_a_service(cloudwatch_backends[account][region], params, evaluated)

    def is_ringing(self, account: str, region: str, name: str) -> bool:
        """Whether an alarm is in ALARM; one that is gone is not."""
        found = cloudwatch_backends[account][region].alarms.get(name)
        return found is not None and found.state_value == ALARM

    def total(self, account: str, region: str, key: MetricKey, start: int, end: int) -> float | None:
        """The sum of a metric from `start` to `end`; None without data."""
        windows = store(cloudwatch_backends[account][region]).windows(key, start, end, end - start, None)
        found = [values.total for unit in windows.values() for values in unit.values()]
        return sum(found) if found else None

    def put(self, account: str, region: str, key: MetricKey, at: int, value: float) -> None:
        """One value of a metric."""
        point = Point(key, at, of_values([value]), "None", 1)
        store(cloudwatch_backends[account][region]).put([point])

    def in_alarm(self, account: str, region: str, names: tuple[str, ...]) -> list[str]:
        """Those of an account's alarms `names` that are in ALARM."""
        return self._alarms.in_alarm(account, region, names)

    def advance(self, seconds: float) -> float:
        """Move the clock forward; alarms that become due are evaluated at once. Returns the new time."""
        now = self.clock.advance(seconds)
        self._evaluator.wake()
        return now
