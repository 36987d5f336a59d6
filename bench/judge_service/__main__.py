"""`python -m bench.judge_service`: asks the service while ten instances post their windows in real time.

The service is a process of its own, this one posts and asks, and both share the machine. Every question is a
new connection, as Argo's and Flagger's are. Raw results: .build/bench/judge_service/. The exit code is 1
where the median is 20 ms or more.
"""

import argparse
import http.client
import json
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from bench.judge_service.traffic import CANDIDATES, INSTANCES, REQUESTS, SECONDS, WORKERS, instance
from bench.machine import describe
from bench.markdown import table
from demo.project import ROOT

FOLDER = ROOT / ".build" / "bench" / "judge_service"
PAGE = ROOT / "docs" / "judge-service-benchmark.md"
BOUND_MS = 20.0
HISTORY = 120
"""Windows of each worker before the measurement, ten minutes."""
APART = 0.05
"""Seconds between two questions."""
ROLLOUT = "serving/delays/abc"
ASKED = {
    "Argo, GET": ("GET", f"/argo/{ROLLOUT}", ""),
    "Flagger, confirm-promotion": (
        "POST",
        "/flagger/confirm-promotion",
        json.dumps({"name": "delays", "namespace": "serving", "phase": "Progressing", "checksum": "abc"}),
    ),
}


def _call(port: int, method: str, path: str, body: str = "") -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request(method, path, body or None)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def _post_on(port: int, number: int, posts: list[list[str]], until: threading.Event) -> None:
    """Post as the windows end."""
    for lines in posts:
        wait = json.loads(lines[0])["end"] - time.time()
        if until.wait(max(wait, 0.0) + 0.02 * number):
            return
        _call(port, "POST", f"/evidence/{ROLLOUT}", "\n".join(lines))


def _measure(port: int, seconds: float) -> dict[str, list[float]]:
    """Milliseconds of every question."""
    now = time.time() // SECONDS * SECONDS
    begun = now - HISTORY * SECONDS
    _call(port, *ASKED["Argo, GET"])
    before = [instance(number, begun, HISTORY) for number in range(INSTANCES)]
    for posts in zip(*before, strict=True):
        _call(port, "POST", f"/evidence/{ROLLOUT}", "\n".join(line for post in posts for line in post))
    over, to_come = threading.Event(), int(seconds / SECONDS) + 4
    threads = [
        threading.Thread(target=_post_on, args=(port, number, instance(number, now, to_come), over))
        for number in range(INSTANCES)
    ]
    for thread in threads:
        thread.start()
    took: dict[str, list[float]] = {name: [] for name in ASKED}
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        for name, (method, path, body) in ASKED.items():
            begin = time.perf_counter()
            status, text = _call(port, method, path, body)
            took[name].append(1000 * (time.perf_counter() - begin))
            assert status == 200, text
            assert json.loads(text)["decision"] == "PASS", text
        time.sleep(APART)
    over.set()
    for thread in threads:
        thread.join()
    return took


def _at(times: list[float], share: float) -> float:
    return sorted(times)[min(int(share * len(times)), len(times) - 1)]


def _page(took: dict[str, list[float]], machine: dict[str, str]) -> str:
    rows = []
    for name, times in took.items():
        shares = (f"{_at(times, share):.1f}" for share in (0.5, 0.9, 0.99))
        rows.append([name, f"{len(times):,}", *shares, f"{max(times):.1f}"])
    kept = table(["asked", "times", "p50 ms", "p90 ms", "p99 ms", "most ms"], rows)
    made_on = "; ".join(f"{name} {value}" for name, value in machine.items())
    return f"""# The judge's service, measured

Written by `make bench-judge-service` from `.build/bench/judge_service/`; do not edit.
{INSTANCES} instances ({CANDIDATES} of the candidate) with {WORKERS} workers each post their windows of
{REQUESTS} requests every {SECONDS:g} s, in real time, after ten minutes of the same, while somebody asks;
each question is a new connection. The bar is a median below {BOUND_MS:g} ms.

{kept}

Made on: {made_on}.
"""


def main() -> int:
    """Measure, write, print; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.judge_service")
    parser.add_argument("--seconds", type=float, default=60.0, help="how long is asked (default: 60)")
    args = parser.parse_args()
    machine = describe()
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "integrations.judge_service", "--port", "0", "--folder", folder]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout
            port = int(process.stdout.readline().partition(",")[0].rpartition(":")[2])
            try:
                took = _measure(port, args.seconds)
            finally:
                process.terminate()
        size = sum(file.stat().st_size for file in Path(folder).rglob("*.jsonl"))
    FOLDER.mkdir(parents=True, exist_ok=True)
    raw = {"machine": machine, "milliseconds": took, "evidence_bytes": size}
    (FOLDER / f"{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}.json").write_text(json.dumps(raw) + "\n")
    PAGE.write_text(_page(took, machine), encoding="utf-8")
    worst = max(_at(times, 0.5) for times in took.values())
    print(f"p50 {worst:.1f} ms (at most {BOUND_MS:g}), in {sum(map(len, took.values())):,} questions")
    return 0 if worst < BOUND_MS else 1


if __name__ == "__main__":
    sys.exit(main())
