"""Capture loses nothing: what was answered is there, or what is missing is counted and named.

The containers keep it themselves, while they are killed and replaced. The tests of this file build on each
other, in order.
"""

import itertools
import json
import os
import threading
import time
from collections import Counter
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.end_to_end.batches import golden_rows
from tests.end_to_end.world import World, wait_until

pytestmark = [pytest.mark.sandbox, pytest.mark.kill, pytest.mark.long]
ENDPOINT = "delays-dev"
AT_ONCE = 8
FEW, MANY = 2_000, 100_000
KILLS = 3


@pytest.fixture(scope="module")
def kept(world, trained) -> World:
    """Dev serves a release whose containers keep all that they answer."""
    world.edit("dev", capture={"percent": 100, "by": "container"})
    world.slipway("release", "--model", os.fspath(trained["logistic"]))
    return world


def records(world: World, prefix: str = "capture/") -> list[dict[str, Any]]:
    """All records in dev's bucket."""
    s3, bucket = world.client("s3"), world.ports("dev").artifacts.bucket
    found = []
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for item in page.get("Contents", []):
            body = s3.get_object(Bucket=bucket, Key=item["Key"])["Body"].read()
            found += [{**json.loads(line), "key": item["Key"]} for line in body.splitlines()]
    return found


class Callers:
    """Callers that ask requests with a name each, each until it is answered."""

    def __init__(self, world: World, called: str) -> None:
        parts = urlsplit(world.sandbox.endpoint_url)
        self._address = parts.hostname or "", parts.port or 80
        rows = golden_rows(world, "dev", 50)
        self._bodies = [json.dumps({"instances": [row]}).encode() for row in rows]
        self.answered: list[str] = []
        self.failed: set[str] = set()
        self._ended = threading.Event()
        self._threads = [
            threading.Thread(target=self._ask, args=(f"{called}-{caller}",)) for caller in range(AT_ONCE)
        ]

    def _ask(self, called: str) -> None:
        connection = HTTPConnection(*self._address, timeout=60)
        for number in itertools.count():
            if self._ended.is_set():
                return
            name = f"{called}-{number}"
            body = self._bodies[number % len(self._bodies)]
            while not self._answered(connection, name, body):
                self.failed.add(name)
                time.sleep(0.05)
            self.answered.append(name)

    def _answered(self, connection: HTTPConnection, name: str, body: bytes) -> bool:
        headers = {"Content-Type": "application/json", "X-Amzn-SageMaker-Inference-Id": name}
        connection.request("POST", f"/endpoints/{ENDPOINT}/invocations", body, headers)
        answer = connection.getresponse()
        answer.read()
        return answer.status == 200

    def __enter__(self) -> "Callers":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join()


def loses_nothing(world: World, trained: dict[str, Any], count: int, called: str, kind: str) -> None:
    with Callers(world, called) as callers:
        for number in range(KILLS):
            goal = count * (number + 1) // (2 * KILLS)
            wait_until(lambda at=goal: len(callers.answered) >= at, f"{goal} answers")
            world.sandbox.faults("crash_after", endpoint=ENDPOINT, requests=1)
        world.slipway("release", "--model", os.fspath(trained[kind]))
        wait_until(lambda: len(callers.answered) >= count, f"{count} answers", 3_600)

    def names() -> Counter[str]:
        found = (one["eventMetadata"].get("inferenceId", "") for one in records(world))
        return Counter(name for name in found if name.startswith(f"{called}-"))

    every = set(callers.answered)
    wait_until(lambda: every <= names().keys(), "what the last containers kept", 60)
    found = names()
    assert set(found) == every
    again = {name for name, times in found.items() if times > 1}
    assert again <= callers.failed, "one that was asked once was kept once"


def captured(world: World) -> dict[str, Any]:
    return world.slipway("captured", "dev", "--hours", "2", "--now", expected=None).result


def test_containers_that_are_killed_and_replaced_lose_no_record(kept, trained):
    loses_nothing(kept, trained, FEW, "few", "boosting")
    found = records(kept)
    releases = {one["key"].split("/")[2] for one in found}
    assert len(releases) == 2, "each release's records lie under it"
    wait_until(lambda: captured(kept)["missing"] == 0, "the answers to golden requests")
    accounts = captured(kept)["accounts"]
    assert FEW < sum(one["answered"] for one in accounts) <= len(found)


def test_what_is_gone_is_counted_and_named(kept):
    s3, bucket = kept.client("s3"), kept.ports("dev").artifacts.bucket
    before = captured(kept)["accounts"]
    too_many = sum(one["kept"] - one["answered"] for one in before)
    counts = Counter(one["key"] for one in records(kept))
    gone, lost = counts.most_common(1)[0]
    s3.delete_object(Bucket=bucket, Key=gone)
    said = captured(kept)
    assert said["missing"] == lost - too_many
    [finding] = kept.slipway("findings", "dev").result["findings"]
    assert (finding["finding"]["kind"], [finding["id"]]) == ("capture", said["findings"])


def test_one_request_is_forgotten_and_the_ledger_proves_it(kept):
    name = next(one["eventMetadata"]["inferenceId"] for one in records(kept) if "few-" in str(one))
    order = ("forget", "dev", "--inference-id", name)
    assert kept.slipway(*order, "--dry-run").result["records"] >= 1
    done = kept.slipway(*order, "--reason", "asked by its owner").result
    assert done["records"] >= 1
    assert name not in {one["eventMetadata"].get("inferenceId") for one in records(kept)}
    began, ended = [one.what for one in kept.entries("dev") if one.subject.kind == "forget"]
    assert (began.id, ended.proof) == (done["id"], done["proof"])
    kept.slipway("verify", "dev")


def test_a_hundred_thousand_requests_under_kills_and_an_update_give_as_many_records(kept, trained):
    loses_nothing(kept, trained, MANY, "many", "logistic")
