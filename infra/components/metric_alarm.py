"""One alarm of CloudWatch, as `release.domain.health.alarm.Alarm` describes it. It tells nobody by itself."""

from collections.abc import Mapping

import pulumi
import pulumi_aws as aws

from release.domain.health.alarm import Alarm, Reading


def metric_alarm(
    alarm: Alarm, tags: Mapping[str, str], parent: pulumi.Resource
) -> aws.cloudwatch.MetricAlarm:
    """Declare an alarm on an expression."""
    shown = aws.cloudwatch.MetricAlarmMetricQueryArgs(
        id="measured", expression=alarm.expression, label=alarm.says, return_data=True
    )
    return aws.cloudwatch.MetricAlarm(
        alarm.name,
        name=alarm.name,
        alarm_description=alarm.says,
        metric_queries=[shown, *(_query(reading, alarm) for reading in alarm.readings)],
        comparison_operator="LessThanThreshold" if alarm.below else "GreaterThanThreshold",
        threshold=alarm.bound,
        evaluation_periods=alarm.periods,
        treat_missing_data="breaching" if alarm.rings_without_data else "notBreaching",
        tags=tags,
        opts=pulumi.ResourceOptions(parent=parent),
    )


def _query(reading: Reading, alarm: Alarm) -> aws.cloudwatch.MetricAlarmMetricQueryArgs:
    return aws.cloudwatch.MetricAlarmMetricQueryArgs(
        id=reading.id,
        metric=aws.cloudwatch.MetricAlarmMetricQueryMetricArgs(
            namespace=reading.namespace,
            metric_name=reading.metric,
            dimensions=alarm.dimensions,
            period=alarm.period,
            stat=reading.statistic,
        ),
        return_data=False,
    )
