"""Alertmanager's configuration: who hears of an endpoint, once for one fault. Pure.

Pages and tickets go separate ways. What rings at one endpoint is told together; and of what one fault makes
ring, only what callers notice: failed requests say more than slow ones or missing containers, and a page more
than a ticket.
"""

from typing import Any

from monitoring.prometheus.alerting import ALL_DOWN, ERROR_BURN, LATENCY_BURN
from monitoring.prometheus.watched import ENDPOINT, LABELS, SEVERITY, STAGE, Pace, duration
from release.domain.burn_rates import HOUR, MINUTE

PAGES, TICKETS = "pages", "tickets"
_TICKET_WAIT, _TICKET_AGAIN = MINUTE, HOUR


def alertmanager_file(webhook: str, pace: Pace) -> dict[str, Any]:
    """`alertmanager.yml`; without a `webhook` nobody is told, and alerts are in Alertmanager's page alone."""
    told = {"webhook_configs": [{"url": webhook, "send_resolved": True}]} if webhook else {}
    return {
        "route": {
            "receiver": PAGES,
            "group_by": [STAGE, ENDPOINT],
            "group_wait": duration(pace.wait),
            "group_interval": duration(pace.again),
            "repeat_interval": duration(4 * HOUR),
            "routes": [
                {
                    "matchers": [f'{SEVERITY}="ticket"'],
                    "receiver": TICKETS,
                    "group_wait": duration(_TICKET_WAIT),
                    "group_interval": duration(_TICKET_AGAIN),
                    "repeat_interval": duration(24 * HOUR),
                }
            ],
        },
        "inhibit_rules": [
            {
                "source_matchers": [f'alertname="{ERROR_BURN}"', f'{SEVERITY}="page"'],
                "target_matchers": [f'alertname=~"{LATENCY_BURN}|{ALL_DOWN}"'],
                "equal": list(LABELS),
            },
            {
                "source_matchers": [f'{SEVERITY}="page"'],
                "target_matchers": [f'{SEVERITY}="ticket"'],
                "equal": [STAGE, ENDPOINT],
            },
        ],
        "receivers": [{"name": PAGES, **told}, {"name": TICKETS, **told}],
    }
