"""What a target of a rule gets: the event, a part of it, or a text made of it. Pure.

"Amazon EventBridge input transformation" in the user guide has the rules: `<name>` stands for what a path
finds, in quotes where it stands as a JSON value of its own and is a text.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

_VARIABLE = re.compile(r"<([\w.-]+)>")
_RESERVED = "aws.events.event"


def of_target(target: Mapping[str, Any], event: Mapping[str, Any]) -> str:
    """The body for one target."""
    if target.get("Input"):
        return str(target["Input"])
    if target.get("InputPath"):
        return _json(_at(event, str(target["InputPath"])))
    transformer = target.get("InputTransformer")
    return _json(event) if not transformer else _transformed(transformer, event)


def _transformed(transformer: Mapping[str, Any], event: Mapping[str, Any]) -> str:
    paths, template = transformer.get("InputPathsMap") or {}, str(transformer["InputTemplate"])
    found = {name: _at(event, str(path)) for name, path in paths.items()}
    found[_RESERVED] = found[f"{_RESERVED}.json"] = dict(event)

    def put(match: re.Match[str]) -> str:
        if match[1] not in found:
            return match[0]
        value, inside = found[match[1]], _in_quotes(template, match.start())
        if isinstance(value, str):
            return json.dumps(value, ensure_ascii=False)[1:-1] if inside else _json(value)
        text = _json(value) if value is not None else ""
        return json.dumps(text, ensure_ascii=False)[1:-1] if inside else text

    return _VARIABLE.sub(put, template)


def _in_quotes(template: str, position: int) -> bool:
    """Whether a place in a template is inside a text."""
    return len(re.findall(r'(?<!\\)"', template[:position])) % 2 == 1


def _at(event: Any, path: str) -> Any:
    """What a path such as `$.detail.state.value` or `$.resources[0]` finds, None where there is nothing."""
    for step in re.findall(r"\.([\w-]+)|\[(\d+)\]", path):
        name, index = step
        if name and isinstance(event, Mapping):
            event = event.get(name)
        elif index and isinstance(event, list) and int(index) < len(event):
            event = event[int(index)]
        else:
            return None
    return event


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
