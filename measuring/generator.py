"""`python -m measuring.generator URL BODY CONNECTIONS SECONDS HEADERS`: load without wrk.

Prints the line that wrk's Lua would print.
"""

import json
import sys
from pathlib import Path
from urllib.parse import urlsplit

from measuring.connections import Outcome, at_once
from measuring.wrk import MARK


def message(url: str, headers: dict[str, str], body: bytes) -> bytes:
    """The bytes of one POST."""
    parts = urlsplit(url)
    lines = [f"POST {parts.path} HTTP/1.1", f"Host: {parts.netloc}", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def line(outcome: Outcome, seconds: float) -> str:
    """What `wrk.parse` reads."""
    times = sorted(outcome.seconds) or [0.0]
    bad = sum(outcome.bad.values())
    found = {
        "requests": outcome.answered + bad,
        "micros": round(seconds * 1e6),
        "p50": round(1e6 * times[len(times) // 2]),
        "p99": round(1e6 * times[min(len(times) - 1, len(times) * 99 // 100)]),
        "status": bad,
        "broken": 0,
    }
    return MARK + json.dumps(found)


def main() -> None:
    """Make the load, print what it saw."""
    url, body, connections, seconds, headers = sys.argv[1:]
    post = message(url, json.loads(headers), Path(body).read_bytes())
    outcome = at_once(urlsplit(url).port or 80, post, int(connections), float(seconds))
    print(line(outcome, float(seconds)))


if __name__ == "__main__":
    main()
