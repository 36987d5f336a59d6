"""What the sandbox adds to a request: the same requests to a model server directly, and through it.

Rounds of both take turns, so that whatever else the machine does meets both. On a machine with several cores
the sandbox has one for itself; the model server and the load share the others.
"""

import os
from contextlib import suppress
from pathlib import Path
from statistics import median
from typing import Any

from bench.sandbox.stage import Stage
from bench.sandbox.vitals import look
from measuring.connections import Outcome, Report, at_once, one_by_one, request
from measuring.processes import descendants

MOST_ADDED = 1.0
"""Milliseconds that the median request may take longer."""
LEAST_RATE = 1500.0
"""Requests a second through the sandbox on one core."""

CONNECTIONS = 8


def measure(stage: Stage, rounds: int, requests: int, seconds: float, say: Report) -> dict[str, Any]:
    """Raw numbers of every round, their medians and whether the bounds are kept."""
    endpoint = stage.endpoint("added", stage.config("added"))
    [server] = stage.server_ports(endpoint)
    ways = {
        "direct": (server, request("/invocations")),
        "sandbox": (stage.sandbox.record["port"], request(f"/endpoints/{endpoint}/invocations")),
    }
    pinned = _pin(stage.sandbox.record["pid"])
    for port, message in ways.values():
        one_by_one(port, message, 200)
    raw: dict[str, list[dict[str, Any]]] = {way: [] for way in ways}
    for number in range(1, rounds + 1):
        for way, (port, message) in ways.items():
            result = _round(stage, port, message, requests, seconds)
            raw[way].append(result)
            say(
                f"round {number}, {way}: p50 {result['p50_ms']:.3f} ms, p99 {result['p99_ms']:.3f} ms, "
                f"{result['rate']:.0f} requests/s"
            )
    return _summary(raw, pinned)


def _round(stage: Stage, port: int, message: bytes, requests: int, seconds: float) -> dict[str, Any]:
    single = one_by_one(port, message, requests)
    pid, home = stage.sandbox.record["pid"], stage.sandbox.home
    before = look(pid, home).cpu
    many = at_once(port, message, CONNECTIONS, seconds)
    cpu = look(pid, home).cpu - before
    return {
        **_percentiles(single),
        "rate": many.answered / seconds,
        "cpu_us": 1e6 * cpu / many.answered if many.answered else None,
        "bad": sum(single.bad.values()) + sum(many.bad.values()),
    }


def _percentiles(outcome: Outcome) -> dict[str, float]:
    times = sorted(outcome.seconds)
    return {f"p{p}_ms": 1e3 * times[min(len(times) * p // 100, len(times) - 1)] for p in (50, 90, 99)}


def _summary(raw: dict[str, list[dict[str, Any]]], pinned: bool) -> dict[str, Any]:
    middle = {
        way: {key: median(found[key] for found in rounds) for key in ("p50_ms", "p99_ms", "rate")}
        for way, rounds in raw.items()
    }
    added = middle["sandbox"]["p50_ms"] - middle["direct"]["p50_ms"]
    rate = middle["sandbox"]["rate"]
    bad = sum(found["bad"] for rounds in raw.values() for found in rounds)
    return {
        "added_p50_ms": round(added, 3),
        "ratio_p50": round(middle["sandbox"]["p50_ms"] / middle["direct"]["p50_ms"], 2),
        "requests_per_second": round(rate),
        "ratio_rate": round(rate / middle["direct"]["rate"], 3),
        "bad_answers": bad,
        "bounds": {"added_p50_ms": MOST_ADDED, "requests_per_second": LEAST_RATE},
        "kept": added <= MOST_ADDED and rate >= LEAST_RATE and bad == 0,
        "connections": CONNECTIONS,
        "one_core_of_its_own": pinned,
        "cores": os.cpu_count(),
        "load_average": os.getloadavg(),
        "medians": middle,
        "rounds": raw,
    }


def _pin(pid: int) -> bool:
    """Give the sandbox one core and everything else the others, where there are others."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        return False
    for task in Path(f"/proc/{pid}/task").iterdir():
        os.sched_setaffinity(int(task.name), cores[:1])
    for other in (*descendants(pid), os.getpid()):
        with suppress(ProcessLookupError):
            os.sched_setaffinity(other, cores[1:])
    return True
