"""Where the judge as a web service (`integrations/judge_service/`) is asked. Pure."""

from enum import StrEnum

PORT = 8095
ADDRESS = f"http://slipway-judge.slipway.svc:{PORT}"
"""Of the service in a cluster: a Service `slipway-judge` in the namespace `slipway`."""
ARGO, FLAGGER, EVIDENCE, VERDICT, METRIC = "/argo", "/flagger", "/evidence", "/verdict", "/flagger/metric"
FAILED_METRIC = "slipway_judge_failed"
"""1 where the open rollout of a name is judged FAIL, 0 where it is not."""


class Hook(StrEnum):
    """Flagger's webhooks, by their `type`; each is a path of its own: the payload does not say its type."""

    CONFIRM_ROLLOUT = "confirm-rollout"
    PRE_ROLLOUT = "pre-rollout"
    ROLLOUT = "rollout"
    CONFIRM_TRAFFIC_INCREASE = "confirm-traffic-increase"
    CONFIRM_PROMOTION = "confirm-promotion"
    POST_ROLLOUT = "post-rollout"
    ROLLBACK = "rollback"
    EVENT = "event"


def hook_url(hook: Hook) -> str:
    """Where Flagger posts a hook."""
    return f"{ADDRESS}{FLAGGER}/{hook}"


def failed_query(namespace: str, name: str) -> str:
    """The query of a MetricTemplate, in Prometheus' words."""
    return f'{FAILED_METRIC}{{namespace="{namespace}",name="{name}"}}'
