"""`python -m bench.sandbox`: what the sandbox adds to a request; with --soak-minutes, a long run as well.

Results go to .build/bench/sandbox.json (raw numbers of every round) and to stdout. Exit codes: 0 the bounds
are kept, 1 they are not, 2 usage, 4 the sandbox failed.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.sandbox import added
from bench.sandbox.soak import Soak
from bench.sandbox.stage import Stage
from sandbox.core.settings import SandboxError
from sandbox.testing import start

_EXAMPLE = """example:
  python -m bench.sandbox                      # about a minute
  python -m bench.sandbox --soak-minutes 30    # the long run as well
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, write, print; returns the exit code."""
    args = _arguments(argv)
    results: dict[str, Any] = {"at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}
    try:
        if args.rounds:
            results["added"] = _with_stage(
                lambda stage: added.measure(stage, args.rounds, args.requests, args.seconds, _say)
            )
        if args.soak_minutes:
            results["soak"] = _with_stage(lambda stage: Soak(stage, _say).run(args.soak_minutes))
    except SandboxError as error:
        print(f"error: {error}", file=sys.stderr)
        return 4
    except KeyboardInterrupt:
        print("Interrupted; nothing was written and nothing runs any more.", file=sys.stderr)
        return 130
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_text(json.dumps(results, indent=1) + "\n")
    print(json.dumps(results) if args.json else "\n".join(_lines(results, args.out)))
    return 0 if all(results[part]["kept"] for part in ("added", "soak") if part in results) else 1


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench.sandbox",
        description="What the sandbox adds to a request, and whether it holds over time.",
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--rounds", type=int, default=5, help="rounds of direct and through (default: 5)")
    parser.add_argument("--requests", type=int, default=2000, help="one by one in a round (default: 2000)")
    parser.add_argument("--seconds", type=float, default=4.0, help="of many at once in a round (default: 4)")
    parser.add_argument("--soak-minutes", type=float, default=0.0, help="the long run (default: none)")
    parser.add_argument("--out", type=Path, default=Path(".build/bench/sandbox.json"))
    parser.add_argument("--json", action="store_true", help="one JSON line on stdout")
    args = parser.parse_args(argv)
    if args.rounds < 0 or args.requests < 1 or args.seconds <= 0 or args.soak_minutes < 0:
        parser.error("--requests is at least 1, --seconds above 0, --rounds and --soak-minutes not below 0")
    return args


def _with_stage(work: Any) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="sandbox-bench-") as folder:
        with start(Path(folder) / "home", time_scale=120) as sandbox:
            return work(Stage(sandbox, Path(folder) / "image"))


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _lines(results: dict[str, Any], out: Path) -> list[str]:
    lines = []
    if "added" in results:
        found = results["added"]
        lines.append(
            f"added latency p50 {found['added_p50_ms']} ms (at most {added.MOST_ADDED}), "
            f"{found['requests_per_second']} requests/s (at least {added.LEAST_RATE:.0f}): "
            f"{'kept' if found['kept'] else 'NOT kept'}"
        )
    if "soak" in results:
        found = results["soak"]
        lines += [
            f"soak of {found['minutes']:g} minutes: {'kept' if found['kept'] else 'NOT kept'}",
            f"  {found['answered']} answered, {found['dropped']} dropped, updates {found['updates']}",
            f"  growth {found['growth']} (at most {found['bound']}), failures {found['failures']}",
        ]
    return [*lines, f"raw numbers: {out}"]


if __name__ == "__main__":
    sys.exit(main())
