"""Pulumi.<stage>.yaml: reading it, and changing its pins with everything else in it left as it was.

Comments, order and quoting survive a change; the write is atomic, so a crash leaves the old file or the new
one. What the values mean is not decided here.
"""

import io
import os
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from release.adapters import yaml_comments
from release.domain import former
from release.domain.errors import ServiceError, UsageError
from release.domain.pins import PIN_ROLES, EndpointSettings, Pins, Proposed, ReleasePin
from release.domain.proposal import Edit
from release.domain.stage import StageSettings

ENDPOINTS = "slipway:endpoints"
BOOLEANS = tuple(
    f"slipway:{name}" for name, field in StageSettings.model_fields.items() if field.annotation is bool
)
HEXADECIMAL = ("release", "sha256", "replaces")
"""What is quoted, as it could be read as a number."""
FORMER_ROLES = ("older",)
"""Keys under which an earlier version named a release (`release/domain/former.py`)."""


def stages_in(project: Path) -> list[str]:
    """The stages that have a file."""
    return sorted(path.name.split(".")[1] for path in project.glob("Pulumi.*.yaml"))


def path_of(project: Path, stage: str) -> Path:
    """The stage's file. Raises UsageError for a stage that has none."""
    path = project / f"Pulumi.{stage}.yaml"
    if not path.is_file():
        known = stages_in(project)
        raise UsageError(
            f"There is no stage {stage!r}: {path} does not exist.",
            "Nothing was changed.",
            f"Use one of: {', '.join(known)}." if known else "Add the stage's file first.",
        )
    return path


def read_project(project: Path) -> dict[str, Any]:
    """The content of Pulumi.yaml. Raises UsageError with the line where the YAML is broken."""
    return _plain(project / "Pulumi.yaml")


def read_config(path: Path) -> dict[str, Any]:
    """The `config` mapping of a stage file. Raises UsageError with the line where the YAML is broken."""
    return dict(_plain(path).get("config") or {})


def config_of(text: str, name: str) -> dict[str, Any]:
    """The `config` mapping of a stage file's text, which messages call `name`. Raises as `read_config`."""
    return dict(_parsed(text, name, name, YAML(typ="safe")).get("config") or {})


class YamlStageFile:
    """A stage's file, whose pins can be changed."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def pins(self, endpoint: str) -> Pins:
        """An endpoint's pins as the file has them at this moment, each with its instance type."""
        values = (read_config(self._path).get(ENDPOINTS) or {}).get(endpoint)
        return EndpointSettings.model_validate(former.endpoint_data(values or {})).pins

    def write(self, endpoint: str, pins: Pins) -> None:
        """As `write_pins`."""
        write_pins(self._path, endpoint, pins)

    def proposing(self, endpoint: str, proposed: Proposed) -> Edit:
        """The file with this proposal in it; nothing is written. Raises UsageError as `write_pins`."""
        document, changed = _load(self._path), io.StringIO()
        _change(document, self._path, endpoint, {"proposed": _proposed_node(proposed)})
        _yaml().dump(document, changed)
        return Edit(self._path.name, self._path.read_text(encoding="utf-8"), changed.getvalue())


def write_pins(path: Path, endpoint: str, pins: Pins) -> None:
    """Set `endpoint`'s pins in the file. Without a candidate among them, nothing stays proposed.

    Raises UsageError when the file is broken or lacks the endpoint, ServiceError when it cannot be written.
    """
    document = _load(path)
    named = {role: getattr(pins, role, None) for role in (*PIN_ROLES, *FORMER_ROLES)}
    changes = {role: _pin_node(pin) if pin else None for role, pin in named.items()}
    if pins.candidate is None:
        changes["proposed"] = None
    _change(document, path, endpoint, changes)
    _mend_booleans(document)
    _write_atomically(path, document)


def _change(
    document: CommentedMap, path: Path, endpoint: str, changes: dict[str, CommentedMap | None]
) -> None:
    endpoints = document.get("config", {}).get(ENDPOINTS) or CommentedMap()
    if endpoint not in endpoints:
        raise UsageError(f"{path.name} has no endpoint {endpoint!r}.", "Nothing was changed.")
    if endpoints[endpoint] is None:
        endpoints[endpoint] = CommentedMap()
    yaml_comments.change(endpoints, endpoint, changes)


def differ(before: str, path: Path) -> tuple[bool, bool]:
    """Whether the pins in a file, and whether anything else in it, are others than in its text `before`."""
    try:
        one = YAML(typ="safe").load(before) or {}
        (pins, rest), (pins_now, rest_now) = _apart(one), _apart(_plain(path))
    except (YAMLError, UsageError, AttributeError):
        return True, True
    return pins != pins_now, rest != rest_now


def _apart(document: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The pins of each endpoint, and the whole document without them."""
    config = dict(document.get("config") or {})
    endpoints = {name: dict(values or {}) for name, values in (config.pop(ENDPOINTS, None) or {}).items()}
    pins = {
        name: {key: values.pop(key) for key in (*PIN_ROLES, *FORMER_ROLES, "proposed") if key in values}
        for name, values in endpoints.items()
    }
    return pins, document | {"config": config, ENDPOINTS: endpoints}


def mend_booleans(path: Path) -> None:
    """Make `"true"` a boolean again where it is one: the engine makes a text of it in a file that it changes.

    It does so when a stack is made and with `pulumi config set`. Raises as `write_pins`.
    """
    if path.is_file() and _texts(_plain(path)):
        document = _load(path)
        _mend_booleans(document)
        _write_atomically(path, document)


def _texts(document: Mapping[str, Any]) -> list[str]:
    """The boolean settings that stand as text in a stage file."""
    config = document.get("config") or {}
    return [key for key in BOOLEANS if config.get(key) in ("true", "false")]


def _mend_booleans(document: CommentedMap) -> None:
    for key in _texts(document):
        document["config"][key] = document["config"][key] == "true"
        yaml_comments.move_left(document["config"], key, len('""'))


def _pin_node(pin: ReleasePin) -> CommentedMap:
    """The pin as YAML. Hexadecimal is quoted: without, `12e4…` would be read as a number."""
    values = pin.model_dump(mode="json", exclude_defaults=True) | {"capacity": pin.capacity}
    return _quoted(values)


def _proposed_node(proposed: Proposed) -> CommentedMap:
    return _quoted(proposed.model_dump(mode="json", exclude_defaults=True))


def _quoted(values: dict[str, Any]) -> CommentedMap:
    named = {key: DoubleQuotedScalarString(values[key]) for key in HEXADECIMAL if key in values}
    return CommentedMap(values | named)


def _plain(path: Path) -> dict[str, Any]:
    """The file as plain values: an order of magnitude faster than with all that a change has to keep."""
    return _read(path, YAML(typ="safe"))


def _yaml() -> YAML:
    yaml = YAML(typ="rt")
    yaml.preserve_quotes = True
    yaml.width = 4096  # a folded image reference would be unreadable in a diff
    yaml.indent(mapping=2, sequence=4, offset=2)
    return yaml


def _load(path: Path) -> CommentedMap:
    return _read(path, _yaml())


def _read(path: Path, yaml: YAML) -> Any:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read: {error}.", "Nothing was changed.") from None
    return _parsed(text, path.name, str(path), yaml)


def _parsed(text: str, name: str, where_it_is: str, yaml: YAML) -> Any:
    try:
        document = yaml.load(text)
    except MarkedYAMLError as error:
        _refuse_conflict(name, text, error)
        mark = error.problem_mark or error.context_mark
        where = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise UsageError(
            f"{name}{where}: {error.problem or 'the YAML cannot be read'}.",
            "The stage's data cannot be read, so nothing was changed.",
            f"Correct that line in {where_it_is}.",
        ) from None
    if document is None:
        return CommentedMap()
    if not isinstance(document, dict) or not isinstance(document.get("config", {}), dict | None):
        raise UsageError(f"{name}, line 1: a stage file is a mapping with `config:`.", "Nothing was changed.")
    return document


def _refuse_conflict(name: str, text: str, error: MarkedYAMLError) -> None:
    """Raise UsageError where two changes of the file met: one of them was not chosen, or not taken out."""
    lines = text.splitlines()
    marked = next((number for number, line in enumerate(lines, 1) if line.startswith("<" * 7)), None)
    if marked is not None:
        raise UsageError(
            f"{name}, line {marked}: a merge conflict is not resolved ({lines[marked - 1]}).",
            "Two changes of the stage met, and nobody chose between them: nothing was changed.",
            f"Keep one side and take the other and the marks out, or put the file back as it was before "
            f"(git checkout HEAD -- {name}); then run this again.",
        )
    twice = isinstance(error, DuplicateKeyError) and re.search(r'"(\w+)"', error.problem or "")
    if twice and twice[1] in (*PIN_ROLES, "proposed"):
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise UsageError(
            f"{name}, line {line}: one endpoint has `{twice[1]}` twice.",
            "Of two promotions that met nobody can tell which counts, so nothing was changed.",
            "Take one of them out by a commit, or both, and propose anew: ./slipway promote STAGE --propose",
        )


def _write_atomically(path: Path, document: CommentedMap) -> None:
    temporary = None
    try:
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", dir=path.parent, prefix=f".{path.name}.", delete=False
        ) as out:
            temporary = Path(out.name)
            _yaml().dump(document, out)
            out.flush()
            os.fsync(out.fileno())
        temporary.chmod(path.stat().st_mode & 0o777)
        temporary.replace(path)
    except OSError as error:
        if temporary:
            temporary.unlink(missing_ok=True)
        raise ServiceError(
            f"{path} cannot be written: {error}.",
            "The file is as it was before.",
            "Free space or correct its permissions, then run the same command again.",
        ) from None
