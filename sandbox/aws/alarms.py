"""CloudWatch alarms, as far as a deployment watches them: their state in moto."""

from moto.cloudwatch.models import cloudwatch_backends

from sandbox.endpoints.state import Endpoint


def in_alarm(endpoint: Endpoint, names: tuple[str, ...]) -> list[str]:
    """Those of the endpoint's alarms `names` that are in ALARM."""
    alarms = cloudwatch_backends[endpoint.account][endpoint.region].alarms
    return [name for name in names if name in alarms and alarms[name].state_value == "ALARM"]
