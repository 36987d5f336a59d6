"""SNS's messages to HTTP subscribers on this machine: a subscription is confirmed first, then notified.

As SNS does it ("Fanout to HTTP/S endpoints" in its developer guide): Subscribe posts a confirmation with a
token and the address that confirms it; until then the subscription is pending and hears nothing. What is not
answered by 2xx is sent again. Posts go out in threads of their own, and to loopback only: nothing of a
sandbox leaves the machine.
"""

import ipaddress
import json
import logging
import secrets
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode, urlsplit

import requests
from moto.sns.models import Subscription

log = logging.getLogger(__name__)

PROTOCOLS = ("http", "https")
TIMEOUT = 15.0
"""Seconds that a subscriber has for its answer."""
RETRIES = 3
RETRY_SECONDS = 1.0
"""Real ones; SNS waits 20 between its first retries."""
PENDING = "pending confirmation"


class Posts:
    """Posts to HTTP subscribers; `address` is where this sandbox is."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._threads = ThreadPoolExecutor(4, thread_name_prefix="sns")
        self._ended = threading.Event()

    def close(self) -> None:
        """Send nothing more."""
        self._ended.set()
        self._threads.shutdown(wait=False, cancel_futures=True)

    def ask(self, subscription: Subscription) -> None:
        """Ask a subscriber whether it wants the messages."""
        token = secrets.token_hex(64)
        subscription.sandbox_token = token  # ty: ignore[missing-attribute]
        subscription.attributes["PendingConfirmation"] = "true"
        words = f"You have chosen to subscribe to the topic {subscription.topic.arn}."
        body = subscription.get_post_data(
            f"{words} To confirm, visit the SubscribeURL.", secrets.token_hex(16), None
        )
        query = {"Action": "ConfirmSubscription", "TopicArn": subscription.topic.arn, "Token": token}
        body.pop("UnsubscribeURL")
        body |= {
            "Type": "SubscriptionConfirmation",
            "Token": token,
            "SubscribeURL": f"{self._address}/?{urlencode(query)}",
        }
        self._submit(subscription, body["Type"], body["MessageId"], json.dumps(body), raw=False)

    def notify(self, subscription: Subscription, message: str, message_id: str, subject: str | None) -> None:
        """Send a message; a subscriber that has not confirmed hears nothing."""
        if is_pending(subscription):
            return
        raw = str(subscription.attributes.get("RawMessageDelivery")).lower() == "true"
        body = message if raw else json.dumps(subscription.get_post_data(message, message_id, subject))
        self._submit(subscription, "Notification", message_id, body, raw)

    def _submit(self, subscription: Subscription, kind: str, message_id: str, body: str, raw: bool) -> None:
        if not _on_loopback(subscription.endpoint):
            log.warning("%s is not on this machine: the sandbox sends nothing there", subscription.endpoint)
            return
        headers = {
            "Content-Type": "text/plain; charset=UTF-8",
            "User-Agent": "Amazon Simple Notification Service Agent",
            "x-amz-sns-message-type": kind,
            "x-amz-sns-message-id": message_id,
            "x-amz-sns-topic-arn": subscription.topic.arn,
        }
        if kind == "Notification":
            headers["x-amz-sns-subscription-arn"] = subscription.arn
        if raw:
            headers["x-amz-sns-rawdelivery"] = "true"
        if not self._ended.is_set():
            self._threads.submit(self._post, subscription.endpoint, headers, body.encode())

    def _post(self, endpoint: str, headers: Mapping[str, str], body: bytes) -> None:
        for attempt in range(RETRIES + 1):
            if attempt and self._ended.wait(RETRY_SECONDS):
                return
            try:
                with requests.Session() as session:
                    session.trust_env = False  # no proxy: what is on loopback is asked itself
                    answer = session.post(
                        endpoint, data=body, headers=dict(headers), timeout=TIMEOUT, allow_redirects=False
                    )
            except requests.RequestException as error:
                log.warning("%s was not reached: %s", endpoint, error)
                continue
            if 200 <= answer.status_code < 300:
                return
            log.warning("%s answered %s", endpoint, answer.status_code)


def is_pending(subscription: Subscription) -> bool:
    """Whether a subscriber has not confirmed yet."""
    return str(subscription.attributes.get("PendingConfirmation")).lower() == "true"


def confirm(subscription: Subscription, token: str) -> bool:
    """A token came back: whether it is this subscription's, which is confirmed then."""
    asked = getattr(subscription, "sandbox_token", "")
    if not asked or not secrets.compare_digest(asked.encode(), token.encode()):
        return False
    subscription.attributes["PendingConfirmation"] = "false"
    subscription.confirmed = True
    return True


def _on_loopback(endpoint: str) -> bool:
    host = urlsplit(endpoint).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
