"""The message for an action that the sandbox does not cover: what is missing, and where to add it."""

from typing import Final

_MODULES: Final = {
    "application-autoscaling": "sandbox/aws/autoscaling/api.py",
    "cloudwatch": "sandbox/aws/cloudwatch/alarms/api.py or sandbox/aws/cloudwatch/metrics/api.py",
    "ecr": "sandbox/aws/ecr/api.py",
    "events": "sandbox/aws/events/api.py",
    "iam": "sandbox/aws/iam/api.py",
    "logs": "sandbox/aws/logs/api.py",
    "s3": "sandbox/aws/s3/api.py",
    "sagemaker": "sandbox/aws/sagemaker/, in the api.py of its resource",
    "sagemaker-runtime": "sandbox/aws/sagemaker_runtime/api.py",
    "service-quotas": "sandbox/aws/service_quotas/api.py",
    "sns": "sandbox/aws/sns/api.py",
}


def not_covered(service: str, action: str) -> str:
    """The message of a NotImplemented answer: what is missing, and where it would be added."""
    name = service.replace("-", "_") or "the_service"
    module = _MODULES.get(service, f"sandbox/aws/{name}/api.py, installed in sandbox/control/assembly.py")
    return f"The sandbox does not cover {service} {action or 'requests of this kind'}. Add it in {module}."
