"""The scalable targets that are SageMaker's variants, as moto keeps them, and how one goes."""

from collections.abc import Iterator
from typing import Any

from moto.applicationautoscaling.models import applicationautoscaling_backends
from moto.cloudwatch.models import cloudwatch_backends

from sandbox.aws.autoscaling.rules import VARIANT, variant_of


def registered(account: str, region: str, endpoint: str) -> set[str]:
    """The variants of an endpoint that are scalable targets, by name."""
    resources = _backend(account, region).targets.get(VARIANT, {})
    return {
        named[1] for resource in list(resources) if (named := variant_of(resource)) and named[0] == endpoint
    }


def all_targets() -> Iterator[tuple[str, str, Any]]:
    """Every scalable target, with its account and region."""
    for account, regions in list(applicationautoscaling_backends.items()):
        for region, backend in list(regions.items()):
            for of_dimension in list(backend.targets.values()):
                for target in list(of_dimension.values()):
                    yield account, region, target


def forget(account: str, region: str, endpoint: str) -> None:
    """Deregister an endpoint's variants: it was deleted."""
    for variant in registered(account, region, endpoint):
        resource = f"endpoint/{endpoint}/variant/{variant}"
        drop_what_hangs_on(account, region, resource)
        _backend(account, region).targets[VARIANT].pop(resource, None)


def policies_of(account: str, region: str, resource: str) -> Iterator[tuple[str, Any]]:
    """A variant's scaling policies, with the keys under which moto has them."""
    for key, policy in list(_backend(account, region).policies.items()):
        if (policy.scalable_dimension, policy.resource_id) == (VARIANT, resource):
            yield key, policy


def drop_what_hangs_on(account: str, region: str, resource: str) -> None:
    """Delete a variant's policies, with their alarms, and scheduled actions: its target goes."""
    backend = _backend(account, region)
    for key, _ in policies_of(account, region, resource):
        drop_alarms(account, region, backend.policies.pop(key))
    backend.scheduled_actions = [
        action
        for action in backend.scheduled_actions
        if (action.scalable_dimension, action.resource_id) != (VARIANT, resource)
    ]


def drop_alarms(account: str, region: str, policy: Any) -> None:
    """Delete the alarms that were made for a policy; some may be gone."""
    cloudwatch = cloudwatch_backends[account][region]
    cloudwatch.delete_alarms([alarm.name for alarm in policy.alarms if alarm.name in cloudwatch.alarms])


def _backend(account: str, region: str) -> Any:
    return applicationautoscaling_backends[account][region]
