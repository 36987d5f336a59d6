"""The scenarios: what happens to the candidate, and what a judge should say."""

from dataclasses import dataclass, replace

from bench.judge.servers import Server
from bench.judge.streams import Change


@dataclass(frozen=True)
class Scenario:
    """A named change; `good` says whether the candidate deserves to pass."""

    name: str
    change: Change
    good: bool = False
    decidable: bool = True
    """False where only HOLD is right."""
    edge: str = ""
    """Exactly at a margin, "failed" or "passed" may happen with probability alpha or beta at most."""


HALF_MS = Server(median=0.0005, cold=0.0003, stalls=0.005)
FIVE_MS = Server(median=0.005, cold=0.0003, stalls=0.005)

SCENARIOS = (
    Scenario("A/A", Change(), good=True),
    Scenario("incident on both", Change(incident=True), good=True),
    Scenario("incident on both, clocks 2 s apart", Change(incident=True, skew=2.0), good=True),
    Scenario("incident on both, clocks 2 s apart the other way", Change(incident=True, skew=-2.0), good=True),
    Scenario("metric gaps", Change(gaps=True), good=True),
    Scenario("improvement: p50 -20 %, errors halved", Change(latency=0.8, errors=0.0005), good=True),
    Scenario("score shift PSI .05", Change(score=0.2285), good=True),
    Scenario("error bursts up to 20", Change(bursts=0.0002), good=True),
    Scenario("latency drift of the candidate, sd 5 %", Change(drift=0.05), good=True),
    Scenario("A/A of .5 ms: cold by weight, shared hosts", Change(server=HALF_MS), good=True),
    Scenario("A/A of 5 ms: cold by weight, shared hosts", Change(server=FIVE_MS), good=True),
    Scenario("A/A of 5 ms: half busy", Change(server=replace(FIVE_MS, used=0.5)), good=True),
    Scenario("A/A of .5 ms: restarts", Change(server=replace(HALF_MS, restarts=True)), good=True),
    Scenario("A/A of 5 ms: restarts", Change(server=replace(FIVE_MS, restarts=True)), good=True),
    Scenario("A/A of 5 ms: autoscaling", Change(server=replace(FIVE_MS, used=0.5, scales=True)), good=True),
    Scenario("no traffic", Change(traffic=0), decidable=False),
    Scenario("20 requests", Change(traffic=20), decidable=False),
    Scenario("errors .1 -> .5 %", Change(errors=0.005)),
    Scenario("errors .1 -> 1 %", Change(errors=0.01)),
    Scenario("errors .1 -> 5 %", Change(errors=0.05)),
    Scenario("errors 0 -> .3 %", Change(errors=0.003, base_errors=0.0)),
    Scenario("p50 +10 %", Change(latency=1.1)),
    Scenario("p50 +50 %", Change(latency=1.5)),
    Scenario("p99 x3", Change(tail=3.0)),
    Scenario("p50 .5 -> 3 ms", Change(server=HALF_MS, latency=6.0)),
    Scenario("p50 5 -> 7.5 ms", Change(server=FIVE_MS, latency=1.5)),
    Scenario("p99 x3 of 5 ms", Change(server=FIVE_MS, tail=3.0)),
    Scenario("variance: log-sd x1.7", Change(widen=1.7)),
    Scenario("1 of 70 at 100x", Change(slow_share=1 / 70)),
    Scenario("10 % at 100x", Change(slow_share=0.1)),
    Scenario("every minute 100x with probability 1/2", Change(slow_minutes=0.5)),
    Scenario("score shift PSI .3", Change(score=0.56)),
    Scenario("constant score", Change(constant=0.27)),
    Scenario("2 % NaN", Change(invalid=0.02)),
    Scenario("at the FAIL margin: errors", Change(errors_line=(1.25, 0.0002)), edge="failed"),
    Scenario("at the FAIL margin: latency", Change(latency=1.02**2), edge="failed"),
    Scenario("at the FAIL margin: NaN", Change(invalid=0.0005), edge="failed"),
    Scenario("at the PASS margin: errors", Change(errors_line=(2.0, 0.0025)), edge="passed"),
    Scenario("at the PASS margin: latency", Change(latency=1.02**4), edge="passed"),
    Scenario("at the PASS margin: NaN", Change(invalid=0.0025), edge="passed"),
    Scenario("errors .1 -> 1 % after 10 min", Change(errors=0.01, onset=600.0)),
)
BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}
