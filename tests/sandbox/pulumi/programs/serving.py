"""A Pulumi program: one endpoint with the models and configs of several versions, from `trial:values`."""

import pulumi
import pulumi_aws as aws

values = pulumi.Config().require_object("values")
name = values["name"]

configs = {}
for version in values["versions"]:
    model = aws.sagemaker.Model(
        f"model-{version}",
        name=f"{name}-{version}",
        execution_role_arn=values["role"],
        primary_container={
            "image": values["image"],
            "model_data_url": values["data"],
            "environment": {"VERSION": version},
        },
    )
    configs[version] = aws.sagemaker.EndpointConfiguration(
        f"config-{version}",
        name=f"{name}-{version}",
        production_variants=[
            {
                "variant_name": "live",
                "model_name": model.name,
                "instance_type": "ml.m7i.large",
                "initial_instance_count": 1,
                "initial_variant_weight": 1,
            }
        ],
    )

for alarm in ("errors", "way-back"):
    aws.cloudwatch.MetricAlarm(
        alarm,
        name=f"{name}-{alarm}",
        namespace="AWS/SageMaker",
        metric_name="Invocations",
        statistic="Sum",
        period=60,
        comparison_operator="LessThanThreshold",
        threshold=0,
        evaluation_periods=1,
        treat_missing_data="notBreaching",
    )

endpoint = aws.sagemaker.Endpoint(
    "endpoint",
    name=name,
    endpoint_config_name=configs[values["live"]].name,
    deployment_config={
        "auto_rollback_configuration": {"alarms": [{"alarm_name": f"{name}-{values['alarm']}"}]},
        "blue_green_update_policy": {
            "termination_wait_in_seconds": 0,
            "maximum_execution_timeout_in_seconds": 3600,
            "traffic_routing_configuration": {"type": "ALL_AT_ONCE", "wait_interval_in_seconds": 0},
        },
    },
)

target = aws.appautoscaling.Target(
    "target",
    service_namespace="sagemaker",
    resource_id=endpoint.name.apply(lambda it: f"endpoint/{it}/variant/live"),
    scalable_dimension="sagemaker:variant:DesiredInstanceCount",
    min_capacity=1,
    max_capacity=3,
)
aws.appautoscaling.Policy(
    "policy",
    name=name,
    policy_type="TargetTrackingScaling",
    service_namespace=target.service_namespace,
    resource_id=target.resource_id,
    scalable_dimension=target.scalable_dimension,
    target_tracking_scaling_policy_configuration={
        "target_value": 100,
        "scale_in_cooldown": 300,
        "scale_out_cooldown": 60,
        "predefined_metric_specification": {
            "predefined_metric_type": "SageMakerVariantInvocationsPerInstance"
        },
    },
)
