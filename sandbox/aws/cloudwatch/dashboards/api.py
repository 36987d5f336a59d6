"""PutDashboard with CloudWatch's checks of the body, which moto lacks; the rest of the actions are moto's."""

import json
import re

from moto.cloudwatch.exceptions import DashboardInvalidInputError
from moto.cloudwatch.responses import CloudWatchResponse
from moto.core.responses import ActionResult

from sandbox.aws.cloudwatch.dashboards.rules import problems
from sandbox.aws.shared.moto_actions import replace

_NAME = re.compile(r"[A-Za-z0-9_-]{1,255}")


def install() -> None:
    """Replace moto's action."""
    replace(CloudWatchResponse, "put_dashboard", put_dashboard)


def put_dashboard(request: CloudWatchResponse) -> ActionResult:
    """PutDashboard: makes a dashboard, or replaces its whole body; a body that is not one changes nothing."""
    params = request._get_params()
    name, text = params["DashboardName"], params["DashboardBody"]
    if not _NAME.fullmatch(name):
        raise DashboardInvalidInputError(
            f"The value {name} for field DashboardName contains invalid characters. It can only contain "
            "alphanumerics, dash (-) and underscore (_)."
        )
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        raise DashboardInvalidInputError("The field DashboardBody must be a valid JSON object") from None
    found = [{"dataPath": one.path, "message": one.message} for one in problems(body)]
    if found:
        raise DashboardInvalidInputError(
            f"The dashboard body is invalid, there are {len(found)} validation errors:\n"
            + json.dumps(found, indent=2)
        )
    request.cloudwatch_backend.put_dashboard(name, text)
    return ActionResult({"DashboardValidationMessages": []})
