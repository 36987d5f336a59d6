"""CloudWatch's actions on alarms, where moto lacks them or is wrong: put, delete, set, history, describe.

moto keeps the alarms. What it has no place for is kept in attributes that are added to its Alarm objects:
`sandbox_params` (the parameters of PutMetricAlarm), `sandbox_schedule` (when it is evaluated next) and
`sandbox_rule` (the rule of a composite alarm).
"""

import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from moto.cloudwatch.exceptions import (
    CloudWatchException,
    InvalidFormat,
    InvalidParameterValue,
    ResourceNotFound,
    ValidationError,
)
from moto.cloudwatch.models import Alarm, CloudWatchBackend, cloudwatch_backends
from moto.cloudwatch.responses import CloudWatchResponse
from moto.core.responses import ActionResult, EmptyResult

from sandbox.aws.cloudwatch.alarms.composite import BadRule, alarms, parse
from sandbox.aws.cloudwatch.alarms.definition import AlarmDefinition, BadAlarm, define
from sandbox.aws.cloudwatch.alarms.evaluator import MANUAL_STATE_LASTS, Evaluator, schedule
from sandbox.aws.cloudwatch.alarms.history import describe_alarm_history
from sandbox.aws.cloudwatch.alarms.message import timestamp, trigger
from sandbox.aws.cloudwatch.alarms.rules import ALARM, INSUFFICIENT_DATA, STATES
from sandbox.aws.cloudwatch.alarms.state import LOCK, change_state, follow, history, record, suppression
from sandbox.aws.cloudwatch.alarms.suppression import Suppression
from sandbox.aws.shared.moto_actions import replace

_PAGE = 100
_FIRST_REASON = "Unchecked: Initial alarm creation"
_Put = Callable[[CloudWatchResponse], Any]


class AlarmsApi:
    """The actions on alarms. `install` puts them into moto; deployments ask `in_alarm`."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator
        self._motos_put: _Put = CloudWatchResponse.put_metric_alarm

    def install(self) -> None:
        """Replace moto's actions."""
        for name in (
            *("put_metric_alarm", "put_composite_alarm", "delete_alarms", "set_alarm_state"),
            *("describe_alarms", "describe_alarms_for_metric", "describe_alarm_history"),
            *("enable_alarm_actions", "disable_alarm_actions"),
        ):
            replace(CloudWatchResponse, name, getattr(self, name))

    def in_alarm(self, account: str, region: str, names: tuple[str, ...]) -> list[str]:
        """Those of the alarms `names` that are in ALARM; they are watched from now on."""
        backend = cloudwatch_backends[account][region]
        for name in names:
            self._evaluator.watch(backend, name)
        found = backend.alarms
        return [name for name in names if name in found and found[name].state_value == ALARM]

    def put_metric_alarm(self, request: CloudWatchResponse) -> ActionResult:
        """PutMetricAlarm: a new alarm has INSUFFICIENT_DATA, a changed one keeps its state."""
        params = dict(request._get_params())
        if params.get("EvaluationCriteria"):
            raise NotImplementedError("alarms on PromQL (EvaluationCriteria)")
        try:
            wanted = define(params)
        except BadAlarm as error:
            refusal = CloudWatchException(str(error))
            refusal.code = error.code
            raise refusal from error
        with LOCK:
            alarm = self._put(request, params["AlarmName"])
            for query in alarm.metric_data_queries:
                query.return_data = query.return_data is not False  # ty: ignore[invalid-assignment]
            alarm.sandbox_params = params  # ty: ignore[missing-attribute]
            self._evaluator.add(alarm, wanted)
        return EmptyResult()

    def put_for_a_service(
        self,
        backend: CloudWatchBackend,
        params: Mapping[str, Any],
        evaluated: Callable[[AlarmDefinition], AlarmDefinition],
    ) -> Alarm:
        """An alarm that another service makes and owns; `evaluated` may say how it really is."""
        with LOCK:
            alarm = backend.put_metric_alarm(
                name=params["AlarmName"],
                namespace=params["Namespace"],
                metric_name=params["MetricName"],
                comparison_operator=params["ComparisonOperator"],
                evaluation_periods=params["EvaluationPeriods"],
                period=params["Period"],
                threshold=params["Threshold"],
                statistic=params["Statistic"],
                description=params["AlarmDescription"],
                dimensions=params["Dimensions"],
                alarm_actions=params["AlarmActions"],
                metric_data_queries=[],
            )
            alarm.state_value, alarm.state_reason = INSUFFICIENT_DATA, _FIRST_REASON
            alarm.state_reason_data = ""
            alarm.sandbox_params = dict(params)  # ty: ignore[missing-attribute]
            self._evaluator.add(alarm, evaluated(define(params)))
        return alarm

    def put_composite_alarm(self, request: CloudWatchResponse) -> ActionResult:
        """PutCompositeAlarm: evaluated at once, and whenever an alarm that it names changes."""
        params = request._get_params()
        name, backend = params["AlarmName"], request.cloudwatch_backend
        try:
            rule = parse(params.get("AlarmRule") or "")
        except BadRule as error:
            raise ValidationError(str(error)) from error
        with LOCK:
            missing = sorted(alarms(rule) - set(backend.alarms))
            if missing:
                raise ValidationError(f"AlarmRule names alarms that do not exist: {', '.join(missing)}")
            if name in alarms(rule):
                raise ValidationError(f"AlarmRule refers to its own alarm: {name}")
            suppressor = _suppressor(params, backend)
            alarm = self._put(request, name)
            alarm.sandbox_rule = rule  # ty: ignore[missing-attribute]
            if suppressor is not None:
                suppressor.told = alarm.state_value
                alarm.sandbox_suppression = suppressor  # ty: ignore[missing-attribute]
                for member, value in _suppressing(params).items():
                    setattr(alarm, member, value)
            follow(backend)
            self._evaluator.wake()
        return EmptyResult()

    def _put(self, request: CloudWatchResponse, name: str) -> Alarm:
        """Let moto make the alarm, give it the state of the one before, and record it."""
        backend = request.cloudwatch_backend
        before = backend.alarms.get(name)
        self._motos_put(request)
        alarm = backend.alarms[name]
        alarm.state_value, alarm.state_reason = INSUFFICIENT_DATA, _FIRST_REASON
        alarm.state_reason_data = ""
        if before is not None:
            for member in (
                *("state_value", "state_reason", "state_reason_data", "state_updated_timestamp"),
                "state_transitioned_timestamp",
            ):
                with suppress(AttributeError):
                    setattr(alarm, member, getattr(before, member))
        verb, kind = ("updated", "Update") if before is not None else ("created", "Create")
        details = {"type": kind, f"{verb}Alarm": _definition(alarm, dict(request._get_params()))}
        record(backend, alarm, "ConfigurationUpdate", f'Alarm "{name}" {verb}', details)
        return alarm

    def delete_alarms(self, request: CloudWatchResponse) -> ActionResult:
        """DeleteAlarms: all of them, or none when one does not exist."""
        backend, wanted = request.cloudwatch_backend, request._get_params().get("AlarmNames") or []
        with LOCK:
            missing = [name for name in wanted if name not in backend.alarms]
            if missing:
                raise ResourceNotFound(f"Alarm does not exist: {', '.join(missing)}")
            _free(backend, wanted)
            for name in wanted:
                alarm = backend.alarms[name]
                details = {"type": "Delete", "deletedAlarm": _definition(alarm)}
                record(backend, alarm, "ConfigurationUpdate", f'Alarm "{name}" deleted', details)
            backend.delete_alarms(wanted)
            follow(backend)
        return EmptyResult()

    def set_alarm_state(self, request: CloudWatchResponse) -> ActionResult:
        """SetAlarmState: takes the actions, and lasts until the next evaluation."""
        params, backend = request._get_params(), request.cloudwatch_backend
        data = params.get("StateReasonData")
        if data:
            try:
                json.loads(data)
            except ValueError as error:
                raise InvalidFormat("StateReasonData is not valid JSON") from error
        if params["StateValue"] not in STATES:
            raise ValidationError(
                f"1 validation error detected: Value '{params['StateValue']}' at 'stateValue' failed to "
                "satisfy constraint: Member must satisfy enum value set: [INSUFFICIENT_DATA, ALARM, OK]"
            )
        with LOCK:
            alarm = backend.alarms.get(params["AlarmName"])
            if alarm is None:
                raise ResourceNotFound("Alarm does not exist")
            found = schedule(alarm)
            if found is not None:
                found.manual_until = time.time() + MANUAL_STATE_LASTS
            change_state(backend, alarm, params["StateValue"], params["StateReason"], data or "")
        self._evaluator.wake()
        return EmptyResult()

    def describe_alarms(self, request: CloudWatchResponse) -> ActionResult:
        """DescribeAlarms: metric alarms, and composite ones when AlarmTypes asks for them."""
        params, backend = request._get_params(), request.cloudwatch_backend
        if params.get("AlarmNames") and params.get("AlarmNamePrefix"):
            raise InvalidParameterValue("AlarmNames and AlarmNamePrefix are mutually exclusive.")
        kinds = params.get("AlarmTypes") or ["MetricAlarm"]
        found = sorted(_chosen(backend, params), key=lambda alarm: alarm.name)
        found = [a for a in found if ("MetricAlarm" if a.rule is None else "CompositeAlarm") in kinds]
        page, token = _page(found, params, lambda alarm: alarm.name)
        result: dict[str, Any] = {
            "MetricAlarms": [alarm for alarm in page if alarm.rule is None],
            "CompositeAlarms": [alarm for alarm in page if alarm.rule is not None],
        }
        return ActionResult(result | ({"NextToken": token} if token else {}))

    def describe_alarms_for_metric(self, request: CloudWatchResponse) -> ActionResult:
        """DescribeAlarmsForMetric: the alarms on exactly this metric."""
        params, backend = request._get_params(), request.cloudwatch_backend
        wanted = {(d["Name"], d["Value"]) for d in params.get("Dimensions") or []}
        found = [
            alarm
            for alarm in backend.alarms.values()
            if (alarm.namespace, alarm.metric_name) == (params["Namespace"], params["MetricName"])
            and {(d.name, d.value) for d in alarm.dimensions} == wanted
            and params.get("Statistic") in (None, alarm.statistic)
            and params.get("ExtendedStatistic") in (None, alarm.extended_statistic)
            and params.get("Period") in (None, alarm.period)
        ]
        return ActionResult({"MetricAlarms": found})

    def describe_alarm_history(self, request: CloudWatchResponse) -> ActionResult:
        """DescribeAlarmHistory."""
        answer = describe_alarm_history(history(request.cloudwatch_backend), request._get_params())
        return ActionResult(answer)

    def enable_alarm_actions(self, request: CloudWatchResponse) -> ActionResult:
        """EnableAlarmActions."""
        return _switch(request, True)

    def disable_alarm_actions(self, request: CloudWatchResponse) -> ActionResult:
        """DisableAlarmActions."""
        return _switch(request, False)


def _suppressor(params: Mapping[str, Any], backend: CloudWatchBackend) -> Suppression | None:
    """What suppresses a composite alarm's actions, as PutCompositeAlarm's parameters say it."""
    by = (params.get("ActionsSuppressor") or "").rpartition(":alarm:")[2]
    periods = [params.get(f"ActionsSuppressor{period}") for period in ("WaitPeriod", "ExtensionPeriod")]
    if not by:
        return None
    if None in periods:
        raise ValidationError(
            "ActionsSuppressorWaitPeriod and ActionsSuppressorExtensionPeriod are required when "
            "ActionsSuppressor is specified."
        )
    if by not in backend.alarms:
        raise ValidationError(f"ActionsSuppressor is an alarm that does not exist: {by}")
    wait, extension = (int(period or 0) for period in periods)
    return Suppression(by, wait, extension, told=INSUFFICIENT_DATA)


def _suppressing(params: Mapping[str, Any]) -> dict[str, Any]:
    """The same, by the attributes from which moto answers DescribeAlarms."""
    return {
        "actions_suppressor": params["ActionsSuppressor"],
        "actions_suppressor_wait_period": int(params["ActionsSuppressorWaitPeriod"]),
        "actions_suppressor_extension_period": int(params["ActionsSuppressorExtensionPeriod"]),
    }


def _switch(request: CloudWatchResponse, enabled: bool) -> ActionResult:
    backend = request.cloudwatch_backend
    with LOCK:
        for name in request._get_params().get("AlarmNames") or []:
            alarm = backend.alarms.get(name)
            if alarm is not None and alarm.actions_enabled != enabled:
                alarm.actions_enabled = enabled
                details = {"type": "Update", "updatedAlarm": _definition(alarm)}
                record(backend, alarm, "ConfigurationUpdate", f'Alarm "{name}" updated', details)
    return EmptyResult()


def _chosen(backend: CloudWatchBackend, params: Mapping[str, Any]) -> Iterable[Alarm]:
    names, prefix = params.get("AlarmNames"), params.get("AlarmNamePrefix")
    action, state = params.get("ActionPrefix"), params.get("StateValue")
    parent, child = params.get("ParentsOfAlarmName"), params.get("ChildrenOfAlarmName")
    for alarm in list(backend.alarms.values()):
        acts = (*alarm.alarm_actions, *alarm.ok_actions, *alarm.insufficient_data_actions)
        if (
            (not names or alarm.name in names)
            and (not prefix or alarm.name.startswith(prefix))
            and (not state or alarm.state_value == state)
            and (not action or any(arn.startswith(action) for arn in acts))
            and (not child or alarm.name in _children(backend.alarms.get(child)))
            and (not parent or parent in _children(alarm))
        ):
            yield alarm


def _free(backend: CloudWatchBackend, wanted: Sequence[str]) -> None:
    """Refuse to delete an alarm that a composite alarm looks at, and two composite alarms at once."""
    for name, alarm in backend.alarms.items():
        found = suppression(alarm)
        needed = [one for one in wanted if one in _children(alarm) or (found and found.by == one)]
        if needed and name not in wanted:
            raise ValidationError(
                f"Cannot delete {needed[0]} as there are composite alarm(s) depending on it."
            )
    composite = [name for name in wanted if backend.alarms[name].rule is not None]
    if len(composite) > 1:
        raise ValidationError("At most one composite alarm can be deleted in one request.")


def _children(alarm: Alarm | None) -> set[str]:
    rule = getattr(alarm, "sandbox_rule", None)
    return alarms(rule) if rule is not None else set()


def _page(
    found: list[Alarm], params: Mapping[str, Any], name: Callable[[Alarm], str]
) -> tuple[list[Alarm], str]:
    size = int(params.get("MaxRecords") or 50)
    if not 1 <= size <= _PAGE:
        raise ValidationError(f"The parameter MaxRecords must be between 1 and {_PAGE}.")
    after = params.get("NextToken")
    if after:
        found = [alarm for alarm in found if name(alarm) > after]
    page = found[:size]
    return page, name(page[-1]) if len(found) > size else ""


def _definition(alarm: Alarm, params: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """An alarm as the history's ConfigurationUpdate holds it."""
    definition: dict[str, Any] = {
        "alarmName": alarm.name,
        "alarmArn": alarm.alarm_arn,
        "alarmDescription": alarm.description,
        "actionsEnabled": alarm.actions_enabled,
        "okActions": list(alarm.ok_actions or []),
        "alarmActions": list(alarm.alarm_actions or []),
        "insufficientDataActions": list(alarm.insufficient_data_actions or []),
        "stateValue": alarm.state_value,
        "stateUpdatedTimestamp": timestamp(alarm.state_updated_timestamp),
        "configurationUpdatedTimestamp": timestamp(alarm.configuration_updated_timestamp),
    }
    if alarm.rule is not None:
        return {**definition, "alarmRule": alarm.rule}
    shown = trigger(params or getattr(alarm, "sandbox_params", {}))
    return definition | {name[0].lower() + name[1:]: value for name, value in shown.items()}
