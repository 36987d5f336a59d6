"""The load: wrk with a small Lua script, or a generator of our own where wrk is missing.

wrk's Lua prints its summary as one JSON line, which is exact where its table rounds.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path

from measuring.processes import on_core
from measuring.results import Load

_LUA = """wrk.method = "POST"
for name, value in pairs({{{headers}}}) do wrk.headers[name] = value end
local file = io.open({body}, "rb")
wrk.body = file:read("*a")
file:close()
function done(summary, latency, requests)
  local e = summary.errors
  io.write(string.format(
    '\\n{mark}{{"requests": %d, "micros": %d, "p50": %d, "p99": %d, "status": %d, "broken": %d}}\\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    e.status, e.connect + e.read + e.write + e.timeout))
end
"""
MARK = "bench-serving:"
_GRACE = 30.0
"""Seconds more than the load itself that a generator may take."""


class LoadError(Exception):
    """No load could be made."""


def generator() -> str:
    """What makes the load on this machine."""
    if path := shutil.which("wrk"):
        version = subprocess.run([path, "-v"], capture_output=True, text=True, check=False).stdout
        return " ".join(version.split()[:2])
    return "our own (no wrk on PATH; it costs more of its core, so quick servers look slower)"


def script(headers: dict[str, str], body: Path) -> str:
    """The Lua that posts a file's bytes."""
    pairs = ", ".join(f"[{_quoted(name)}] = {_quoted(value)}" for name, value in headers.items())
    return _LUA.format(headers=pairs, body=_quoted(str(body)), mark=MARK)


def parse(output: str) -> Load:
    """The load that wrk reports. Raises LoadError when it does not."""
    line = next((line for line in output.splitlines() if line.startswith(MARK)), None)
    if line is None:
        raise LoadError(f"wrk reported nothing: {output.strip()[-200:]}")
    found = json.loads(line.removeprefix(MARK))
    if not found["micros"]:
        raise LoadError("wrk ran for no time")
    return Load(
        requests=found["requests"],
        seconds=found["micros"] / 1e6,
        p50_ms=found["p50"] / 1e3,
        p99_ms=found["p99"] / 1e3,
        errors=found["status"] + found["broken"],
    )


def run(url: str, headers: dict[str, str], body: Path, connections: int, seconds: float, cores: str) -> Load:
    """Posts `body` to `url` over `connections` for about `seconds`. Raises LoadError."""
    if shutil.which("wrk") is None:
        command = [sys.executable, "-m", "measuring.generator", url, str(body)]
        command += [str(connections), str(seconds), json.dumps(headers)]
        return parse(_output(command, seconds, cores))
    lua = body.with_suffix(".lua")
    lua.write_text(script(headers, body), encoding="utf-8")
    command = ["wrk", "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "--timeout", "10s"]
    return parse(_output([*command, "-s", str(lua), url], seconds, cores))


def _output(command: list[str], seconds: float, cores: str) -> str:
    try:
        done = subprocess.run(
            on_core(cores, command), capture_output=True, text=True, timeout=seconds + _GRACE, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise LoadError(f"{command[0]}: {error}") from error
    return done.stdout + done.stderr


def _quoted(text: str) -> str:
    """A Lua string."""
    return json.dumps(text)
