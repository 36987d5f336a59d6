"""`/_sandbox/` for a browser: endpoints, fleets, traffic, jobs, faults and calls as one page. Pure.

Made from the same status that programs get as JSON. No script: the page loads itself again every few seconds.
"""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

REFRESH = 5
"""Seconds until the page loads itself again."""

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem;
  color: #1c2430; background: #fafbfc }
h1 { font-size: 1.4rem } h2 { font-size: 1.1rem; margin-top: 2rem }
h3 { font-size: 1rem; margin-bottom: .3rem }
table { border-collapse: collapse; width: 100%; background: #fff }
th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid #e3e7ec; vertical-align: top }
th { font-weight: 600; color: #55606e } td.n { text-align: right; font-variant-numeric: tabular-nums }
code { font-size: .9em } .note { color: #55606e }
.bar { background: #e3e7ec; width: 8rem; height: .6rem; display: inline-block; vertical-align: middle }
.bar > i { background: #2f6fde; height: 100%; display: block }
.bad { color: #b3261e } .good { color: #17713a }
@media (prefers-color-scheme: dark) { body { color: #dde3ea; background: #14181d }
  table { background: #1b2027 } th, td { border-color: #2c333c } th, .note { color: #9aa6b4 } }
"""


def page(status: Mapping[str, Any]) -> str:
    """The whole HTML document."""
    endpoints = "".join(map(_endpoint, status["endpoints"])) or _note("No endpoint yet.")
    faults = _table(
        ("id", "kind", "for", "left"),
        ((f["id"], f["kind"], _target(f), f["count"] or "until removed") for f in status["faults"]),
    )
    jobs = _table(
        ("kind", "name", "status", "reason"),
        (
            (j["kind"], f"{j['name']} in {j['region']}", j["status"], j["failure_reason"])
            for j in status["jobs"]
        ),
    )
    counts = [(s, a, n) for s, actions in status["calls"].items() for a, n in actions.items()]
    recent = [(call["time"], call["service"], call["action"]) for call in reversed(status["recent_calls"])]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="refresh" content="{REFRESH}"><title>Slipway sandbox</title>'
        f"<style>{_STYLE}</style></head><body><h1>Slipway sandbox</h1>"
        f"<p><code>{escape(status['endpoint_url'])}</code> &middot; pid {status['pid']} &middot; "
        f"{escape(status['time'])}</p>"
        f"<h2>Endpoints</h2>{endpoints}"
        f"<h2>Jobs</h2>{jobs if status['jobs'] else _note('No job yet.')}"
        f"<h2>Faults</h2>{faults if status['faults'] else _note('None waits.')}"
        f"<h2>Recent calls</h2>{_table(('time (UTC)', 'service', 'action'), recent)}"
        f"<h2>Calls</h2>{_table(('service', 'action', 'calls'), counts)}"
        '<p class="note">The same as JSON: <code>curl '
        f"{escape(status['endpoint_url'])}/_sandbox/</code></p></body></html>"
    )


def _endpoint(endpoint: Mapping[str, Any]) -> str:
    good = endpoint["status"] == "InService" and not endpoint["failure_reason"]
    reason = endpoint["failure_reason"]
    rows = [(deployment, fleet) for deployment in endpoint["deployments"] for fleet in deployment["fleets"]]
    head = "".join(f"<th>{name}</th>" for name in ("variant", "role", "traffic", "requests", "instances"))
    return (
        f"<h3>{escape(endpoint['name'])} "
        f'<span class="{"good" if good else "bad"}">{escape(endpoint["status"])}</span> '
        f'<span class="note">{escape(endpoint["config"])} in {escape(endpoint["region"])}</span></h3>'
        + (f'<p class="bad">{escape(reason)}</p>' if reason else "")
        + f"<table><tr>{head}</tr>{''.join(_fleet(d, f) for d, f in rows)}</table>"
    )


def _fleet(deployment: Mapping[str, Any], fleet: Mapping[str, Any]) -> str:
    percent = fleet["traffic"] * 100
    instances = ", ".join(
        f'<span class="{"good" if i["healthy"] else "bad"}">{escape(i["id"])}</span> (pid {i["pid"]}'
        + (f", {i['restarts']} restarts" if i["restarts"] else "")
        + ")"
        for i in fleet["instances"]
    )
    simulated = f" + {fleet['simulated']} simulated" if fleet["simulated"] > 0 else ""
    return (
        f"<tr><td>{escape(fleet['variant'])}<br><code class=note>{escape(fleet['image'])}</code></td>"
        f"<td>{escape(deployment['role'])}{' (shadow)' if fleet['shadow'] else ''}</td>"
        f'<td><span class="bar"><i style="width:{percent:.0f}%"></i></span> {percent:.1f} %</td>'
        f"<td class=n>{fleet['served']} ({fleet['failed']} failed, {fleet['in_flight']} now)</td>"
        f"<td>{instances}{simulated}</td></tr>"
    )


def _target(fault: Mapping[str, Any]) -> str:
    names = ("endpoint", "variant", "config", "job", "service", "action")
    return ", ".join(f"{name} {fault[name]}" for name in names if fault[name]) or "everything"


def _table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    cells = "".join(
        "<tr>" + "".join(f"<td>{escape(str(value))}</td>" for value in row) + "</tr>" for row in rows
    )
    return "<table><tr>" + "".join(f"<th>{name}</th>" for name in head) + f"</tr>{cells}</table>"


def _note(text: str) -> str:
    return f'<p class="note">{text}</p>'
