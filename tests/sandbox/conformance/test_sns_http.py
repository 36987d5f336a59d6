"""SNS's HTTP subscribers: a real server on this machine that is asked first, and then told."""

import json
import threading
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Empty, Queue
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.testing import SandboxHandle
from tests.sandbox.conformance.convention import behaviour
from tests.sandbox.conformance.rules import Rule, allowing
from tests.sandbox.world import World

_GUIDE = "https://docs.aws.amazon.com/sns/latest/dg"
PATIENCE = 20.0


class Subscriber(ThreadingHTTPServer):
    """Keeps what is posted to it; `answers` are its next statuses, then 200."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.posts: Queue[tuple[dict[str, str], str]] = Queue()
        self.answers: list[int] = []
        self.url = f"http://127.0.0.1:{self.server_port}/hook"

    def next(self) -> tuple[dict[str, str], Any]:
        """Headers and body of the next post."""
        headers, body = self.posts.get(timeout=PATIENCE)
        return headers, json.loads(body)


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        server = self.server
        assert isinstance(server, Subscriber)
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        headers = {name.lower(): value for name, value in self.headers.items()}
        server.posts.put((headers | {"path": self.path}, body))
        self.send_response(server.answers.pop(0) if server.answers else 200)
        self.send_header("Location", f"{server.url}/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """In silence."""


@pytest.fixture
def subscriber() -> Iterator[Subscriber]:
    with Subscriber() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def subscribed(sandbox: SandboxHandle, topic: str, subscriber: Subscriber, **members: Any) -> str:
    """Subscribe and confirm, as a subscriber does; returns the subscription's ARN."""
    sns = sandbox.client("sns")
    found = sns.subscribe(
        TopicArn=topic, Protocol="http", Endpoint=subscriber.url, ReturnSubscriptionArn=True, **members
    )
    _, asked = subscriber.next()
    with urllib.request.urlopen(asked["SubscribeURL"]) as answer:  # noqa: S310
        assert found["SubscriptionArn"] in answer.read().decode()
    return found["SubscriptionArn"]


@behaviour("SNS", f"{_GUIDE}/http-subscription-confirmation-json.html")
def test_confirmation(sandbox: SandboxHandle, world: World, subscriber: Subscriber) -> None:
    """An HTTP subscriber is asked with a token and an address, and hears nothing before it confirms."""
    sns = sandbox.client("sns")
    topic = sns.create_topic(Name=world.name("topic"))["TopicArn"]
    said = sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=subscriber.url)
    assert said["SubscriptionArn"] == "pending confirmation"
    headers, asked = subscriber.next()
    assert (headers["x-amz-sns-message-type"], asked["Type"]) == ("SubscriptionConfirmation",) * 2
    assert asked["TopicArn"] == topic
    sns.publish(TopicArn=topic, Message="too early")
    for token in ("0" * 64, "", "…"):
        with pytest.raises(ClientError, match="Invalid parameter: Token"):
            sns.confirm_subscription(TopicArn=topic, Token=token)
    sns.confirm_subscription(TopicArn=topic, Token=asked["Token"])
    sns.publish(TopicArn=topic, Message='"in time"')
    headers, told = subscriber.next()
    assert (told["Type"], told["Message"]) == ("Notification", '"in time"')
    assert headers["x-amz-sns-topic-arn"] == topic
    assert headers["content-type"].startswith("text/plain")


@behaviour("SNS", f"{_GUIDE}/sns-message-delivery-retries.html")
@pytest.mark.parametrize("answer", [503, 307])
def test_retries(sandbox: SandboxHandle, world: World, subscriber: Subscriber, answer: int) -> None:
    """What a subscriber does not answer by 2xx is sent again, the same message, to the same address."""
    sns = sandbox.client("sns")
    topic = sns.create_topic(Name=world.name("topic"))["TopicArn"]
    subscribed(sandbox, topic, subscriber)
    subscriber.answers[:] = [answer]
    sns.publish(TopicArn=topic, Message="again")
    (first, _), (second, told) = subscriber.next(), subscriber.next()
    assert first["x-amz-sns-message-id"] == second["x-amz-sns-message-id"]
    assert told["Message"] == "again"
    assert first["path"] == second["path"] == "/hook"
    with pytest.raises(Empty):
        subscriber.posts.get_nowait()


@behaviour("SNS", f"{_GUIDE}/sns-large-payload-raw-message-delivery.html")
def test_an_event_comes_raw_to_a_subscriber(
    sandbox: SandboxHandle, world: World, subscriber: Subscriber
) -> None:
    """With RawMessageDelivery a subscriber of a rule's topic gets the event alone."""
    name = world.name("rule")
    topic = sandbox.client("sns").create_topic(Name=name)["TopicArn"]
    policy = allowing("sns:Publish", topic, name)
    sandbox.client("sns").set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=policy)
    subscribed(sandbox, topic, subscriber, Attributes={"RawMessageDelivery": "true"})
    Rule(sandbox, name, {"source": [name]}).to(topic)
    entry = {"Source": name, "DetailType": "Test", "Detail": '{"n": 1}'}
    sandbox.client("events").put_events(Entries=[entry])
    headers, event = subscriber.next()
    assert (headers["x-amz-sns-rawdelivery"], event["detail"]) == ("true", {"n": 1})


@behaviour("SNS", "Subscribe", covered=False)
def test_nothing_leaves_the_machine(sandbox: SandboxHandle, world: World) -> None:
    """A subscriber elsewhere than on loopback stays pending: nothing is sent to it."""
    sns = sandbox.client("sns")
    topic = sns.create_topic(Name=world.name("topic"))["TopicArn"]
    said = sns.subscribe(TopicArn=topic, Protocol="https", Endpoint="https://hook.example.com/x")
    assert said["SubscriptionArn"] == "pending confirmation"
    sns.publish(TopicArn=topic, Message="nobody hears")
