"""SageMaker's jobs of one kind by its own SDK, which takes seconds to load: only when a job is asked for.

What the answers mean is for whoever asks.
"""

import os
import re
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from release.adapters.aws import StageAws, error_code
from release.domain.training import Request

_ABSENT = frozenset({"ResourceNotFound", "ValidationException"})
"""SageMaker's answers for a job that is not there."""
_ENDED = frozenset({"ValidationException"})
"""Its answer when a job that has ended is to be stopped."""
Said = Callable[[str, Any], Any]
"""Gives what a job's description holds at a path, or the default."""


class SdkJobs:
    """The jobs of one stage and one kind, the name of the SDK's class. Methods may raise boto3's errors."""

    def __init__(self, aws: StageAws, kind: str) -> None:
        self._aws = aws
        self._kind = kind
        self._snake = re.sub(r"(?<!^)(?=[A-Z])", "_", kind).lower()

    def describe(self, name: str) -> Said | None:
        """What is said of a job, None when there is none of that name."""
        try:
            found = self._sdk().get(name, session=self._aws.session, region=self._aws.region)
        except ClientError as error:
            if error_code(error) in _ABSENT:
                return None
            raise
        return _said_by(found)

    def create(self, name: str, request: Request) -> None:
        """Start a job."""
        named = {f"{self._snake}_name": name}
        self._sdk().create(**named, session=self._aws.session, region=self._aws.region, **request)

    def stop(self, name: str) -> None:
        """Have a job stop; one that has ended is no error."""
        stop = getattr(self._aws.client("sagemaker"), f"stop_{self._snake}")
        try:
            stop(**{f"{self._kind}Name": name})
        except ClientError as error:
            if error_code(error) not in _ENDED:
                raise

    def _sdk(self) -> Any:
        """The SDK's class. It asks for a region as it is loaded."""
        os.environ.setdefault("AWS_REGION", self._aws.region)
        from sagemaker.core import resources

        return getattr(resources, self._kind)


def _said_by(found: Any) -> Said:
    """A getter of what the SDK's object holds; its own mark for what is missing is the default."""
    from sagemaker.core.utils.utils import Unassigned

    def said(path: str, default: Any) -> Any:
        value = found
        for part in path.split("."):
            value = getattr(value, part, None)
        return default if value is None or isinstance(value, Unassigned) else value

    return said
