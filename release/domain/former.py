"""What earlier versions wrote, read as today's: stage files, entries of the stages, ledger entries.

Nothing here writes: whoever changes a stage's pins writes them as they are today, and a ledger entry stays as
it was written for ever.
"""

from collections.abc import Mapping
from typing import Any

_PHASES = {"pinning": "creating", "applying": "creating", "checking": "verifying"}
"""The steps of a rollout that had other names. A rollout that stopped at one of them goes on from there:
what its `pulumi up` had moved already is found where it is."""

_ROLES = ("live", "candidate", "previous")


def is_former(config: Mapping[str, Any]) -> bool:
    """Whether an earlier version wrote the pins of a stage file's `config`.

    It named a third release, `older`, marked a release that came by a rollback with `via`, and did not write
    a fleet's instance type into its pin.
    """
    return any(_is_former(values) for values in _endpoints(config).values())


def _is_former(values: Any) -> bool:
    if not isinstance(values, dict):
        return False
    pins = [values[role] for role in _ROLES if isinstance(values.get(role), dict)]
    return "older" in values or any("via" in pin or "type" not in pin for pin in pins)


def _endpoints(config: Mapping[str, Any]) -> Mapping[str, Any]:
    endpoints = config.get("slipway:endpoints") or {}
    return endpoints if isinstance(endpoints, dict) else {}


def endpoint_data(values: Any) -> Any:
    """An endpoint's data as today's: without `older` and `via`."""
    if not isinstance(values, dict):
        return values
    return {key: _pin(value) if key in _ROLES else value for key, value in values.items() if key != "older"}


def _pin(value: Any) -> Any:
    return {k: v for k, v in value.items() if k != "via"} if isinstance(value, dict) else value


def ledger_entry(values: dict[str, Any]) -> dict[str, Any]:
    """A ledger entry as today's."""
    match values.get("format"):
        case 1:
            return _of_format_1(values)
        case 2:
            return _of_format_2(values)
        case _:
            return values


def _of_format_2(values: dict[str, Any]) -> dict[str, Any]:
    """It did not name the other rollouts at work: one that opened found none, and an unlock left none.

    An entry that opened a rollout held one `approval` once, of whoever was named on the command line.
    """
    what = values.get("what")
    if not isinstance(what, dict):
        return values | {"format": 3}
    today = {key: value for key, value in what.items() if key != "approval"}
    if "approval" in what:
        today["approvals"] = list(filter(None, [what["approval"]]))
    if what.get("event") == "unlocked":
        today["working"] = []
    return values | {"format": 3, "what": today}


def _of_format_1(values: dict[str, Any]) -> dict[str, Any]:
    """It had a flat subject, and a free mapping of data to its event."""
    data = values.get("data") or {}
    event = _PHASES.get(str(values.get("event")), values.get("event"))
    kept = {
        "opened": ("before", "after"),
        "reverting": ("reason",),
        "reverted": ("reason",),
        "refused": ("reasons",),
    }.get(str(event), ())
    what = {key: endpoint_data(data[key]) for key in kept if key in data}
    return {
        "format": 3,
        **{key: values.get(key) for key in ("number", "previous", "at", "owner")},
        "subject": {key: values.get(key) for key in ("kind", "endpoint", "release", "rollout")},
        "what": {"event": event, **what},
    }


def stage_entry(values: Any) -> Any:
    """An entry of `stages:` as today's: `approval: true` asked for any name, and asks for one person now."""
    if not isinstance(values, dict) or not isinstance(values.get("approval"), bool):
        return values
    others = {key: value for key, value in values.items() if key != "approval"}
    return {"approvals": int(values["approval"])} | others
