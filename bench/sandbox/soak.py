"""A long run: steady traffic while endpoints are updated and things go wrong, and what is left of it.

One endpoint gets steady traffic and an update every few seconds, some of them rolled back, while calls of the
control plane fail: none of its requests may be dropped. A second one crashes, errs and is slow on request: it
may fail, but has to come back. Memory, open files, processes and files in the home must not grow.
"""

import threading
import time
from collections import Counter
from dataclasses import asdict
from typing import Any

from bench.sandbox.stage import Stage
from bench.sandbox.vitals import Vitals, growth, look
from measuring.connections import Outcome, Report, at_once, request

RATE = 200.0
"""Requests a second to the steady endpoint."""
UPDATE_EVERY = 30.0
SAMPLE_EVERY = 5.0
MOST_GROWTH = 0.10
_CHAOS_RATE = 5.0
_CHUNK = 5.0
_SETTLE = 25.0
"""Seconds that a deployment may take before it counts as stuck."""

_ROUTING: list[dict[str, Any]] = [
    {"Type": "CANARY", "CanarySize": {"Type": "CAPACITY_PERCENT", "Value": 20}, "WaitIntervalInSeconds": 240},
    {
        "Type": "LINEAR",
        "LinearStepSize": {"Type": "INSTANCE_COUNT", "Value": 1},
        "WaitIntervalInSeconds": 120,
    },
    {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 0},
]
_FAULTS: list[dict[str, Any]] = [
    {"kind": "slow_ping", "endpoint": "steady", "seconds": 1},
    {"kind": "silent_rollback", "endpoint": "steady"},
    {"kind": "fail_aws", "action": "DescribeEndpoint", "count": 2},
    {"kind": "fail_ping", "endpoint": "steady"},
    {"kind": "fail_aws", "service": "s3", "code": "SlowDown", "count": 2},
    {"kind": "insufficient_capacity", "endpoint": "steady"},
]
_CHAOS: list[dict[str, Any]] = [
    {"kind": "crash_after", "endpoint": "chaos", "requests": 20},
    {"kind": "invoke_errors", "endpoint": "chaos", "rate": 0.2, "count": 20},
    {"kind": "invoke_latency", "endpoint": "chaos", "seconds": 0.2, "count": 20},
]


class Soak:
    """One long run."""

    def __init__(self, stage: Stage, say: Report) -> None:
        self._stage, self._say = stage, say
        self._stop = threading.Event()
        self._outcomes = {"steady": Outcome(), "chaos": Outcome()}
        self._failures: list[str] = []
        self._updates: Counter[str] = Counter()

    def run(self, minutes: float) -> dict[str, Any]:
        """Run for so many minutes; raw samples, counts and whether every bound was kept."""
        configs = [self._stage.config(f"steady-{letter}", instances=2) for letter in "ab"]
        self._stage.endpoint("steady", configs[0])
        self._stage.endpoint("chaos", self._stage.config("chaos"))
        threads = [
            threading.Thread(target=self._traffic, args=("steady", RATE, 8)),
            threading.Thread(target=self._traffic, args=("chaos", _CHAOS_RATE, 2)),
            threading.Thread(target=self._changes, args=(configs,)),
        ]
        for thread in threads:
            thread.start()
        samples: list[Vitals] = []
        end = time.monotonic() + minutes * 60
        while time.monotonic() < end and all(thread.is_alive() for thread in threads):
            self._stop.wait(SAMPLE_EVERY)
            samples.append(self._look())
            if len(samples) % 12 == 0:
                self._report(samples)
        alive = all(thread.is_alive() for thread in threads)
        self._stop.set()
        for thread in threads:
            thread.join()
        return self._summary(minutes, samples, alive)

    def _traffic(self, endpoint: str, pace: float, connections: int) -> None:
        message = request(f"/endpoints/{endpoint}/invocations")
        port, kept = self._stage.sandbox.record["port"], self._outcomes[endpoint]
        while not self._stop.is_set():
            outcome = at_once(port, message, connections, _CHUNK, pace)
            kept.seconds += outcome.seconds
            kept.bad += outcome.bad

    def _changes(self, configs: list[str]) -> None:
        number = 0
        while not self._stop.wait(UPDATE_EVERY if number else 2.0):
            for fault in (_FAULTS[number % len(_FAULTS)], _CHAOS[number % len(_CHAOS)]):
                self._stage.sandbox.faults(**fault)
            self._update(configs[(number + 1) % 2], _ROUTING[number % len(_ROUTING)])
            self._stage.sandbox.clear_faults()
            number += 1

    def _update(self, config: str, routing: dict[str, Any]) -> None:
        sagemaker = self._stage.sagemaker
        policy = {"TrafficRoutingConfiguration": routing, "TerminationWaitInSeconds": 60}
        try:
            sagemaker.update_endpoint(
                EndpointName="steady",
                EndpointConfigName=config,
                DeploymentConfig={"BlueGreenUpdatePolicy": policy},
            )
            deadline = time.monotonic() + _SETTLE
            while time.monotonic() < deadline:
                now = sagemaker.describe_endpoint(EndpointName="steady")
                if now["EndpointStatus"] == "InService":
                    served = "moved" if now["EndpointConfigName"] == config else "rolled back"
                    self._updates[served] += 1
                    return
                self._stop.wait(0.2)
            self._failures.append(f"the update to {config} did not settle")
        except Exception as error:
            self._failures.append(f"the update to {config}: {error}")

    def _look(self) -> Vitals:
        return look(self._stage.sandbox.record["pid"], self._stage.sandbox.home)

    def _report(self, samples: list[Vitals]) -> None:
        last, steady = samples[-1], self._outcomes["steady"]
        self._say(
            f"{len(samples) * SAMPLE_EVERY / 60:.0f} min: {steady.answered} answered, "
            f"{sum(steady.bad.values())} dropped, {sum(self._updates.values())} updates, "
            f"{last.memory:.0f} MiB, {last.descriptors} descriptors, {last.processes} processes, "
            f"{last.files} files"
        )

    def _summary(self, minutes: float, samples: list[Vitals], alive: bool) -> dict[str, Any]:
        steady, chaos = self._outcomes["steady"], self._outcomes["chaos"]
        grown = {
            name: round(growth([float(getattr(sample, name)) for sample in samples]), 4)
            for name in ("memory", "descriptors", "processes", "files")
        }
        times = sorted(steady.seconds)
        dropped = sum(steady.bad.values())
        kept = alive and not dropped and not self._failures and max(grown.values()) <= MOST_GROWTH
        return {
            "minutes": minutes,
            "kept": kept,
            "answered": steady.answered,
            "dropped": dropped,
            "bad_answers": dict(steady.bad.most_common(10)),
            "rate": round(steady.answered / (minutes * 60), 1),
            "p50_ms": round(1e3 * times[len(times) // 2], 3) if times else None,
            "p99_ms": round(1e3 * times[len(times) * 99 // 100], 3) if times else None,
            "updates": dict(self._updates),
            "failures": self._failures,
            "growth": grown,
            "bound": MOST_GROWTH,
            "chaos": {"answered": chaos.answered, "failed": sum(chaos.bad.values())},
            "samples": [asdict(sample) for sample in samples],
        }
