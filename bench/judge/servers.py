"""What real servers add to the latencies of a stream, on both variants alike.

Modelled after an A/A on real servers (`real.py`): a variant with little traffic has colder caches; hosts
that are shared stall now and then, each by itself; a busy instance is slower; a process that restarts is
silent and then cold; a fleet that scales out serves from a cold instance too, with half the load on each.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

MEDIAN = 0.069
"""Seconds: the median of the streams as they are drawn."""
WARM_RATE = 15.0
"""Requests/s at which half of what a cold cache costs is gone."""
STALL_EVERY, STALL_LASTS = 30, 2
"""Seconds between the stalls of a host, and the most that one lasts."""
SILENT = 5.0
"""Seconds that a process takes to come back."""
COLD_REQUESTS, COLD_SECONDS = 20.0, 0.001
"""A fresh process's first request costs so many seconds more; after so many requests, a third of that.

Of our own server nothing of it could be measured: it warms up before it answers a ping.
"""


@dataclass(frozen=True)
class Server:
    """Defaults add nothing."""

    median: float = MEDIAN
    cold: float = 0.0
    """Seconds that a request costs more on a variant that has hardly any traffic."""
    stalls: float = 0.0
    """The most seconds that a request waits longer while its host stalls."""
    used: float = 0.0
    """Share of an instance's capacity that all the traffic would use; each variant has one."""
    restarts: bool = False
    """Each variant restarts once, at a moment of its own."""
    scales: bool = False
    """Live gets a second instance at some moment."""


def slowed(
    rng: np.random.Generator,
    server: Server,
    time: Floats,
    is_candidate: NDArray[np.bool_],
    latency: Floats,
    moments: tuple[Floats, float],
) -> Floats:
    """The latencies of a stream on such a server. `moments` are the restarts and the scaling out."""
    found = latency * (server.median / MEDIAN)
    if server == Server():
        return found
    seconds = int(time.max()) + 1 if time.size else 1
    total = max(time.size / seconds, 1e-9)
    for number, mine in enumerate((~is_candidate, is_candidate)):
        at = time[mine].astype(np.int64)
        rate = np.bincount(at, minlength=seconds).astype(float)
        smooth = np.convolve(rate, np.ones(10) / 10, mode="same")
        instances = np.where((number == 0) & server.scales & (np.arange(seconds) > moments[1]), 2.0, 1.0)
        own = smooth / instances
        added = server.cold / (1 + own / WARM_RATE) + _stalls(rng, server.stalls, seconds)
        share = np.minimum(server.used * own / total, 0.9)
        found[mine] = found[mine] / (1 - share[at]) + added[at] * rng.random(at.size) * 2
        if server.restarts:
            found[mine] += _fresh(time[mine], float(moments[0][number]), 1.0)
        if number == 0 and server.scales:
            found[mine] += _fresh(time[mine], moments[1], 0.5) * (rng.random(at.size) < 0.5)
    return found


def _stalls(rng: np.random.Generator, most: float, seconds: int) -> Floats:
    waits = np.zeros(seconds)
    for start in np.flatnonzero(rng.random(seconds) < 1 / STALL_EVERY):
        waits[start : start + rng.integers(1, STALL_LASTS + 1)] += most / 2
    return waits


def _fresh(time: Floats, moment: float, share: float) -> Floats:
    """What requests cost more on a process that began at `moment` and gets a `share` of them."""
    rank = np.cumsum(time >= moment) * share
    return np.where(time >= moment, COLD_SECONDS * np.exp(-rank / COLD_REQUESTS), 0.0)


def silent(
    server: Server, time: Floats, is_candidate: NDArray[np.bool_], restarts: Floats
) -> NDArray[np.bool_]:
    """Requests that came while their variant's process was coming back: nobody answered, so none counts."""
    if not server.restarts:
        return np.zeros(time.size, dtype=bool)
    moment = np.where(is_candidate, restarts[1], restarts[0])
    return (time < moment) & (time >= moment - SILENT)
