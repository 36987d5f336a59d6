"""A/A on real servers: one release as `live` and as `candidate`, in a sandbox, at several weights.

The servers, their router and whoever sends the requests share this machine with whatever else it does, and
a candidate begins without any traffic, as in a rollout. What the containers print is kept, so that the judge
can be asked about it again. Nothing is simulated here.
"""

import json
import shutil
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from bench.users import User
from demo.project import make_project
from measuring.connections import at_once
from measuring.generator import message
from release.domain import names
from release.judge.cells import SCHEMA
from release.judge.windows import FIELDS
from sandbox import testing
from sandbox.testing import SandboxHandle

STAGE, ENDPOINT, MODEL = "dev", "delays", "logistic"
WEIGHTS = (0.01, 0.05, 0.25, 0.5)
CONNECTIONS = 8
DELIVERY = 8.0
"""Seconds after the last request until its window has been printed."""

Step = Callable[[str], None]


@dataclass(frozen=True)
class Load:
    """What is sent: requests a second, for how long to live alone, and for how long to both."""

    rate: float
    alone: float
    both: float


@dataclass(frozen=True)
class Served:
    """The stage with its release, and a request that it answers."""

    sandbox: SandboxHandle
    name: str
    model: str
    body: bytes


def record(folder: Path, weights: Sequence[float], load: Load, step: Step) -> list[Path]:
    """Record an A/A at each of `weights`; returns one file of windows for each.

    Everything made lies in `folder`. Raises ServiceError when the release does not land.
    """
    shutil.rmtree(folder / "sandbox", ignore_errors=True)
    project = make_project(folder / "project")
    found = []
    with testing.start(folder / "sandbox") as sandbox:
        user = User(project, sandbox.env, folder / "commands.log")
        served = _release(sandbox, user, step)
        for weight in weights:
            step(f"A/A at {100 * weight:g} %, {load.rate:g} requests/s")
            path = folder / f"real_{100 * weight:g}pct.jsonl"
            lines = _one(served, weight, load)
            path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
            found.append(path)
    return found


def _release(sandbox: SandboxHandle, user: User, step: Step) -> Served:
    if not (user.project / MODEL / "evidence.json").exists():
        step("train")
        user.slipway("train", "--model", MODEL, "--out", MODEL)
    step("release")
    user.slipway("release", "--model", MODEL, "--stage", STAGE)
    sagemaker, name = sandbox.client("sagemaker"), names.endpoint(ENDPOINT, STAGE)
    config = sagemaker.describe_endpoint(EndpointName=name)["EndpointConfigName"]
    [variant] = sagemaker.describe_endpoint_config(EndpointConfigName=config)["ProductionVariants"]
    golden = json.loads((user.project / MODEL / "golden.json").read_text(encoding="utf-8"))
    return Served(sandbox, name, variant["ModelName"], golden["requests"][0]["body"].encode())


def _one(served: Served, weight: float, load: Load) -> list[str]:
    """The windows of one A/A: events of CloudWatch Logs, in order of time."""
    sagemaker = served.sandbox.client("sagemaker")
    config = f"aa-{round(1000 * weight):03d}"
    variants = [
        {
            "VariantName": variant,
            "ModelName": served.model,
            "InstanceType": "ml.m7i.large",
            "InitialInstanceCount": 1,
            "InitialVariantWeight": share,
        }
        for variant, share in (("live", 1.0), ("candidate", 0.0))
    ]
    sagemaker.create_endpoint_config(EndpointConfigName=config, ProductionVariants=variants)
    sagemaker.update_endpoint(EndpointName=served.name, EndpointConfigName=config)
    _settle(sagemaker, served.name)
    begun = time.time()
    url = f"{served.sandbox.endpoint_url}/endpoints/{served.name}/invocations"
    asked = message(url, {"Content-Type": "application/json"}, served.body)
    port = served.sandbox.record["port"]
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        sent = pool.submit(at_once, port, asked, CONNECTIONS, load.alone + load.both, load.rate)
        time.sleep(load.alone)
        sagemaker.update_endpoint_weights_and_capacities(
            EndpointName=served.name,
            DesiredWeightsAndCapacities=[
                {"VariantName": "live", "DesiredWeight": 1 - weight},
                {"VariantName": "candidate", "DesiredWeight": weight},
            ],
        )
        sent.result()
    time.sleep(DELIVERY)
    return _windows(served, begun)


def _settle(sagemaker: Any, name: str) -> None:
    waiter = sagemaker.get_waiter("endpoint_in_service")
    waiter.wait(EndpointName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 120})


def _windows(served: Served, since: float) -> list[str]:
    logs = served.sandbox.client("logs")
    pages = logs.get_paginator("filter_log_events").paginate(
        logGroupName=f"/aws/sagemaker/Endpoints/{served.name}", startTime=int(1000 * since)
    )
    events = [event for page in pages for event in page["events"] if f'"{SCHEMA}"' in event["message"]]
    events.sort(key=lambda event: event["timestamp"])
    return [_line(event) for event in events]


def _line(event: dict[str, Any]) -> str:
    """An event as the judge reads it: the window without what is CloudWatch's."""
    window = {key: value for key, value in json.loads(event["message"]).items() if key in FIELDS}
    message = json.dumps(window, separators=(",", ":"))
    return json.dumps({"logStreamName": event["logStreamName"], "message": message})
