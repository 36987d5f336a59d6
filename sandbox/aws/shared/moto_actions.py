"""Replaces an action of moto's by one of the sandbox's."""

from collections.abc import Callable
from typing import Any

from sandbox.aws.shared.errors import BadRequest


def replace(response: type, name: str, action: Callable[[Any], Any]) -> None:
    """Let moto answer the action `name` by a function that takes moto's request.

    What `action` says by NotImplementedError becomes the words of a NotImplemented answer.
    """

    def answer(request: Any) -> Any:
        try:
            return action(request)
        except NotImplementedError as error:
            message = f"The sandbox does not cover {error}. Add it in {action.__module__.rpartition('.')[0]}."
            raise BadRequest("NotImplemented", message) from error

    setattr(response, name, answer)
