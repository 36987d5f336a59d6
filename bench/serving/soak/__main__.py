"""`make soak-serving`: mixed requests at a steady rate for a long time, and SIGTERM under load at its end.

The server runs as released, two workers by default. Every answer is compared with scikit-learn's scores, and
at the end the server's windows with what was sent. The series is kept in .build/bench/serving/. The exit code
is 1 when something did not hold.
"""

import argparse
import json
import time
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from bench.serving import model_files
from bench.serving.checks import Check, exit_code
from bench.serving.own_server import OwnServer, own_server
from bench.serving.soak import checks, mix, watch
from bench.serving.soak.traffic import Traffic
from bench.serving.soak.watch import Sample
from demo.project import ROOT
from scripts.shared.cli import Command, Out, run

FOLDER = ROOT / ".build" / "bench" / "serving"
SAMPLE_EVERY = 5.0
FEWEST_SAMPLES = 60
NOTE_EVERY = 60.0
FULL_LOAD_SECONDS = 3.0
"""Before SIGTERM every connection sends as soon as it is answered."""


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--minutes", type=_positive, default=60, help="how long (default 60; 1 to try it)")
    parser.add_argument("--rate", type=_positive, default=300, help="requests a second (default 300)")
    parser.add_argument("--workers", type=int, default=2, help="of the server (default 2)")
    parser.add_argument("--model", choices=("logistic", "boosting"), default="logistic")
    parser.add_argument("--seed", type=int, default=1, help="of the order of requests (default 1)")


def _positive(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if value > 0:
        return value
    raise argparse.ArgumentTypeError(f"{text!r} is no number above 0")


def _work(args: argparse.Namespace, out: Out) -> int:
    out.step(f"the model: ./slipway train --model {args.model}")
    model = model_files.train(args.model, FOLDER / "load" / args.model)
    prepared = mix.mix(model)
    folder = FOLDER / "soak" / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    with own_server(model.artifact, folder, args.workers) as server:
        out.step(f"{args.minutes:g} minutes at {args.rate:g} requests a second, {args.workers} workers")
        traffic = Traffic(server.port, prepared, args.rate, args.seed)
        samples, code = _soak(server, traffic, args.minutes * 60, out)
        sent, told = traffic.outcome, watch.summed(server.windows)
        logged = [line for line in server.log.splitlines() if " ERROR " in line or "Traceback" in line]
    found = checks.evaluate(samples, sent, told, code, logged)
    result = _result(args, samples, traffic, told, code, found)
    raw = folder / "soak.json"
    raw.write_text(json.dumps(result | {"samples": [asdict(s) for s in samples]}, indent=1) + "\n")
    out.result(result | {"raw": str(raw)}, *(each.line for each in found), f"the series: {raw}")
    return exit_code(found)


def _soak(server: OwnServer, traffic: Traffic, seconds: float, out: Out) -> tuple[list[Sample], int | None]:
    """The samples, and the exit code after SIGTERM under load."""
    samples: list[Sample] = []
    every = min(SAMPLE_EVERY, seconds / FEWEST_SAMPLES)
    begun = noted = time.monotonic()
    traffic.start()
    try:
        while (passed := time.monotonic() - begun) < seconds and traffic.alive:
            time.sleep(min(every, seconds - passed))
            now = time.monotonic() - begun
            samples.append(watch.look(server, now, traffic.outcome.answered, traffic.take_seconds()))
            if now > noted - begun + NOTE_EVERY:
                noted = begun + now
                out.note(_progress(samples[-1], traffic))
        out.step("SIGTERM under full load")
        traffic.hurry()
        time.sleep(FULL_LOAD_SECONDS)
        traffic.server_leaves()
        server.terminate()
        code = server.ended()
        traffic.join()
    except BaseException:
        traffic.stop()
        raise
    return samples, code


def _progress(sample: Sample, traffic: Traffic) -> str:
    memory = " and ".join(f"{used:.1f}" for used in sample.workers.values())
    return (
        f"{sample.seconds / 60:.0f} min: {sample.answered} answered, {traffic.outcome.drops} dropped,"
        f" {traffic.outcome.wrongs} wrong, p99 {sample.p99_ms:.1f} ms, workers {memory} MB"
    )


def _result(
    args: argparse.Namespace,
    samples: list[Sample],
    traffic: Traffic,
    told: watch.Told,
    code: int | None,
    found: list[Check],
) -> dict[str, Any]:
    sent = traffic.outcome
    first = samples[0].workers if samples else {}
    return {
        "minutes": args.minutes,
        "rate": args.rate,
        "workers": args.workers,
        "checks": [asdict(each) for each in found],
        "answered": sent.answered,
        "connections": sent.connections,
        "statuses": dict(sent.statuses),
        "kinds": dict(sent.kinds),
        "dropped": sent.drops,
        "wrong": sent.wrongs,
        "turned_away_after_sigterm": sent.turned_away,
        "windows": asdict(told) | {"statuses": dict(told.statuses)},
        "growth_percent": [checks.growth(samples, worker) for worker in first],
        "exit_code": code,
    }


COMMAND = Command(
    name="soak-serving",
    summary="Mixed requests at a steady rate for a long time: nothing may grow, be lost or be wrong.",
    example="make soak-serving MINUTES=1",
    work=_work,
    arguments=_arguments,
)

if __name__ == "__main__":
    run(COMMAND)
