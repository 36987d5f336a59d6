"""Refuses stacks with resources that would not be what their own service's API makes.

Four kinds: SageMaker's, which moto would make as objects of its own and nothing would serve; alarms, which
moto would keep and nobody evaluate; stacks in stacks, whose templates nobody would check; and the types that
moto skips while it says CREATE_COMPLETE. A stack is refused before anything of it is made.
"""

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any

from moto.cloudformation.models import CloudFormationBackend, Stack
from moto.cloudformation.parsing import NULL_MODELS, get_model_map

from sandbox.aws.shared.errors import BadRequest

TAKING_A_TEMPLATE = (
    "create_stack",
    "update_stack",
    "create_change_set",
    "create_stack_set",
    "update_stack_set",
)
"""moto's functions that get a template: all that makes resources goes through one of them."""

_OTHERWISE_MADE = ("AWS::SageMaker::", "AWS::CloudWatch::", "AWS::CloudFormation::Stack")


def install() -> None:
    """Check templates before moto reads them."""
    for name in TAKING_A_TEMPLATE:
        original = getattr(CloudFormationBackend, name)
        if not hasattr(original, "__wrapped__"):
            setattr(CloudFormationBackend, name, _checked(original))


def _checked(original: Callable[..., Any]) -> Callable[..., Any]:
    signature = inspect.signature(original)

    @wraps(original)
    def action(*given: Any, **named: Any) -> Any:
        template = signature.bind(*given, **named).arguments.get("template")
        if isinstance(template, str) and template:
            check(Stack.parse_template(template))
        return original(*given, **named)

    return action


def check(template: Any) -> None:
    """Raise BadRequest for a template with a resource that would not be made as its own API makes it."""
    resources = template.get("Resources") if isinstance(template, dict) else None
    for name, resource in (resources if isinstance(resources, dict) else {}).items():
        kind = str(resource.get("Type", "")) if isinstance(resource, dict) else ""
        if _is_made(kind):
            continue
        raise BadRequest(
            "NotImplemented",
            f"The sandbox does not cover {kind or 'a resource without a type'} in cloudformation (resource "
            f"{name}), and nothing of the stack was made. Make it by its service's own API. Add it in "
            "sandbox/aws/cloudformation/api.py.",
        )


def _is_made(kind: str) -> bool:
    if kind.startswith("Custom::") or kind in NULL_MODELS:
        return True
    return kind in get_model_map() and not kind.startswith(_OTHERWISE_MADE)
