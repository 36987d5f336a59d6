"""What CloudWatch refuses in the body of a dashboard, after "Dashboard Body Structure and Syntax". Pure.

Widgets of metrics, text and alarms are looked into. Of the other kinds that CloudWatch has (logs, explorers,
custom ones, charts) their place and size are checked.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.aws.cloudwatch.metrics.math_syntax import BadExpression
from sandbox.aws.cloudwatch.metrics.math_syntax import parse as parse_math
from sandbox.aws.cloudwatch.metrics.statistics import BadStatistic
from sandbox.aws.cloudwatch.metrics.statistics import parse as parse_statistic

MOST_WIDGETS, MOST_METRICS = 500, 500
COLUMNS, MOST_HIGH = 24, 1000
KINDS = ("metric", "text", "log", "alarm", "explorer", "custom", "chart")
VIEWS = ("timeSeries", "singleValue", "gauge", "bar", "pie", "table")
_PERIODS = ("auto", "inherit")
_OPTIONS = {
    *("id", "expression", "label", "color", "period", "stat", "visible", "yAxis", "region", "accountId"),
}
_PROPERTIES = {
    *("metrics", "region", "title", "view", "stacked", "period", "stat", "yAxis", "annotations", "legend"),
    *(
        "liveData",
        "setPeriodToTimeRange",
        "singleValueFullPrecision",
        "sparkline",
        "start",
        "end",
        "timezone",
    ),
    *("labels", "accountId", "table", "trend"),
}
_ALARM = re.compile(r"arn:aws[a-z-]*:cloudwatch:[a-z0-9-]+:\d{12}:alarm:.+")


@dataclass(frozen=True)
class Problem:
    """Something wrong with a body, and where."""

    path: str
    """`/widgets/0/properties/metrics/1`."""
    message: str


def problems(body: Any) -> list[Problem]:
    """Everything for which CloudWatch refuses a body."""
    if not isinstance(body, dict):
        return [Problem("", "Should be object")]
    return list(_body(body))


def _body(body: Mapping[str, Any]) -> Iterator[Problem]:
    widgets = body.get("widgets")
    if not isinstance(widgets, list):
        yield Problem("", "Should have required property 'widgets'")
        return
    if len(widgets) > MOST_WIDGETS:
        yield Problem("/widgets", f"Should NOT have more than {MOST_WIDGETS} items")
    if body.get("periodOverride", "auto") not in _PERIODS:
        yield _one_of("/periodOverride", _PERIODS)
    start = body.get("start", "-PT3H")
    if not isinstance(start, str) or not re.match(r"-P|\d{4}-\d\d-\d\dT", start):
        yield Problem("/start", "Should be a time range such as -PT3H, or a date")
    for number, widget in enumerate(widgets):
        yield from _widget(f"/widgets/{number}", widget)


def _widget(path: str, widget: Any) -> Iterator[Problem]:
    if not isinstance(widget, dict):
        yield Problem(path, "Should be object")
        return
    kind = widget.get("type")
    if kind not in KINDS:
        yield _one_of(f"{path}/type", KINDS)
    for member, least, most in (
        ("x", 0, COLUMNS - 1),
        ("y", 0, None),
        ("width", 1, COLUMNS),
        ("height", 1, MOST_HIGH),
    ):
        if member in widget:
            yield from _number(f"{path}/{member}", widget[member], least, most)
    if ("x" in widget) != ("y" in widget):
        yield Problem(path, "Should have both properties 'x' and 'y', or neither")
    elif all(_is_number(widget.get(member, 6)) for member in ("x", "width")):
        left = COLUMNS - widget.get("x", 0)
        if left < widget.get("width", 6) <= COLUMNS:
            yield Problem(f"{path}/width", f"Should be <= {left}")
    properties = widget.get("properties")
    if not isinstance(properties, dict):
        yield Problem(path, "Should have required property 'properties'")
    elif kind == "metric":
        yield from _metrics(f"{path}/properties", properties)
    elif kind == "text" and not isinstance(properties.get("markdown"), str):
        yield Problem(f"{path}/properties", "Should have required property 'markdown'")
    elif kind == "alarm":
        yield from _alarms(f"{path}/properties", properties)


def _alarms(path: str, properties: Mapping[str, Any]) -> Iterator[Problem]:
    listed = properties.get("alarms")
    if not isinstance(listed, list) or not listed:
        yield Problem(path, "Should have required property 'alarms'")
        return
    for number, arn in enumerate(listed):
        if not isinstance(arn, str) or not _ALARM.fullmatch(arn):
            yield Problem(f"{path}/alarms/{number}", "Should be the ARN of an alarm")


def _metrics(path: str, properties: Mapping[str, Any]) -> Iterator[Problem]:
    for name in sorted(set(properties) - _PROPERTIES):
        yield Problem(path, f"Should NOT have additional property '{name}'")
    if not isinstance(properties.get("region"), str):
        yield Problem(path, "Should have required property 'region'")
    if properties.get("view", "timeSeries") not in VIEWS:
        yield _one_of(f"{path}/view", VIEWS)
    yield from _annotations(f"{path}/annotations", properties.get("annotations", {}))
    lines = properties.get("metrics")
    annotations = properties.get("annotations")
    if lines is None and not (isinstance(annotations, dict) and annotations.get("alarms")):
        yield Problem(path, "Should have required property 'metrics'")
        return
    if not isinstance(lines, list) or not 1 <= len(lines) <= MOST_METRICS:
        yield Problem(f"{path}/metrics", f"Should have 1 to {MOST_METRICS} items")
        return
    ids: list[str] = []
    for number, line in enumerate(lines):
        yield from _line(f"{path}/metrics/{number}", line)
        options = line[-1] if isinstance(line, list) and line and isinstance(line[-1], dict) else {}
        ids += [str(options["id"])] if "id" in options else []
    for identifier in sorted({one for one in ids if ids.count(one) > 1}):
        yield Problem(f"{path}/metrics", f"The id '{identifier}' is used more than once")


def _line(path: str, line: Any) -> Iterator[Problem]:
    """A metric: namespace, name, dimensions' names and values, options; or options with an expression."""
    if not isinstance(line, list) or not line:
        yield Problem(path, "Should be a non-empty array")
        return
    options = line[-1] if isinstance(line[-1], dict) else {}
    words = line[:-1] if isinstance(line[-1], dict) else line
    for number, word in enumerate(words):
        if not isinstance(word, str):
            said = "Invalid metric field type, only 'String' type is allowed"
            yield Problem(f"{path}/{number}", said)
    if "expression" in options:
        if words:
            yield Problem(path, "Should NOT have more than 1 items")
        yield from _expression(f"{path}/0/expression", options["expression"])
    elif len(words) < 2:
        yield Problem(path, "Should NOT have fewer than 2 items")
    elif len(words) % 2:
        yield Problem(path, f"Should NOT have more than {len(words) - 1} items")
    yield from _options(f"{path}/{len(words)}", options)


def _options(path: str, options: Mapping[str, Any]) -> Iterator[Problem]:
    for name in sorted(set(options) - _OPTIONS):
        yield Problem(path, f"Should NOT have additional property '{name}'")
    if "id" in options and not re.fullmatch(r"[a-z][a-zA-Z0-9_]*", str(options["id"])):
        yield Problem(f"{path}/id", "Should match pattern '^[a-z][a-zA-Z0-9_]*$'")
    if options.get("yAxis", "left") not in ("left", "right"):
        yield _one_of(f"{path}/yAxis", ("left", "right"))
    if "period" in options:
        yield from _number(f"{path}/period", options["period"], 1, None)
    if "stat" in options:
        try:
            parse_statistic(str(options["stat"]))
        except BadStatistic as error:
            yield Problem(f"{path}/stat", str(error))


def _expression(path: str, expression: Any) -> Iterator[Problem]:
    try:
        parse_math(str(expression))
    except NotImplementedError:  # a function that CloudWatch has and the sandbox does not
        return
    except BadExpression as error:
        yield Problem(path, str(error))


def _annotations(path: str, annotations: Any) -> Iterator[Problem]:
    if not isinstance(annotations, dict):
        yield Problem(path, "Should be object")
        return
    horizontal = annotations.get("horizontal", [])
    if not isinstance(horizontal, list):
        yield Problem(f"{path}/horizontal", "Should be array")
        return
    for number, mark in enumerate(horizontal):
        marks = mark if isinstance(mark, list) else [mark]
        if not all(isinstance(one, dict) and _is_number(one.get("value")) for one in marks):
            yield Problem(f"{path}/horizontal/{number}", "Should have required property 'value'")


def _number(path: str, value: Any, least: int, most: int | None) -> Iterator[Problem]:
    if not isinstance(value, int) or isinstance(value, bool):
        yield Problem(path, "Should be integer")
    elif value < least:
        yield Problem(path, f"Should be >= {least}")
    elif most is not None and value > most:
        yield Problem(path, f"Should be <= {most}")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _one_of(path: str, allowed: Sequence[str]) -> Problem:
    return Problem(path, f"Should be equal to one of the allowed values: {', '.join(allowed)}")
