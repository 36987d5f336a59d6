"""What the program declares, recorded: the stage program runs against an engine that writes everything down.

Nothing of AWS or of the real engine is behind it, so these tests decide only what can be decided without
deploying: which resources, with which inputs, after which others. That AWS accepts them is for the tests of
`tests/sandbox/pulumi`.
"""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

import pulumi
from pulumi.runtime.mocks import MockCallArgs, MockMonitor, MockResourceArgs, Mocks, set_mocks

from infra.stack import compose
from release.domain.stage import StageSettings, parse

ACCOUNT = "123456789012"
OLD, NEW, NEXT = "0c77e1d2ab93", "3f2a9c01d4e7", "81bb02aa6f10"


def pin(release: str, **changes: Any) -> dict[str, Any]:
    """A pin as the stage's YAML holds it."""
    digit = release[0]
    return {
        "release": release,
        "image": f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com/slipway-dev@sha256:{digit * 64}",
        "model": f"s3://slipway-dev-{ACCOUNT}-us-east-1/models/{digit * 64}/model.tar.gz",
        "sha256": digit * 64,
        "capacity": 2,
    } | changes


def stage(endpoints: dict[str, Any] | None = None, name: str = "dev", **keys: Any) -> StageSettings:
    """A stage's settings from the config that its YAML would hold."""
    config = {
        "aws:region": "us-east-1",
        "slipway:account": ACCOUNT,
        "slipway:endpoints": {"delays": {}} if endpoints is None else endpoints,
    }
    return parse(name, config | {f"slipway:{key}": value for key, value in keys.items()})


@dataclass(frozen=True)
class Resource:
    """One resource that was declared."""

    type: str
    name: str
    inputs: dict[str, Any]

    def document(self, key: str = "policy") -> dict[str, Any]:
        """An input that is JSON text, read."""
        return json.loads(self.inputs[key])


@dataclass
class Declared(Mocks):
    """Everything that one run of the program declared; threads register it, so the order means nothing."""

    resources: list[Resource] = field(default_factory=list)
    lookups: list[str] = field(default_factory=list)
    ignored: dict[str, set[str]] = field(default_factory=dict)
    """By resource name, the inputs whose changes the engine is told to pass over."""
    warnings: list[str] = field(default_factory=list)

    def new_resource(self, args: MockResourceArgs) -> tuple[str, dict[str, Any]]:
        """Record a resource; its outputs are its inputs, and an ARN that says what it is of."""
        self.resources.append(Resource(args.typ, args.name, dict(args.inputs)))
        return f"{args.name}-id", {"arn": f"arn:of:{args.typ.rpartition(':')[2]}:{args.name}", **args.inputs}

    def call(self, args: MockCallArgs) -> tuple[dict[str, Any], None]:
        """Record a lookup; the program should make none."""
        self.lookups.append(args.token)
        return {}, None

    def of(self, kind: str) -> list[Resource]:
        """All resources of a type, by its last word: `Endpoint`."""
        return [resource for resource in self.resources if resource.type.endswith(f":{kind}")]

    def one(self, kind: str) -> Resource:
        """The only resource of a type."""
        found = self.of(kind)
        assert len(found) == 1, f"{len(found)} of {kind}"
        return found[0]

    def aws(self) -> set[tuple[str, str]]:
        """(type, name) of all that would exist in AWS."""
        return {(item.type, item.name) for item in self.resources if item.type.startswith("aws:")}


class Monitor(MockMonitor):
    """Writes down as well what mocks are not told: the options that are the engine's alone."""

    def __init__(self, declared: Declared) -> None:
        super().__init__(declared)
        self._declared = declared

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - the engine's name
        """Record the options, then answer as ever."""
        if request.ignoreChanges:
            self._declared.ignored[request.name] = set(request.ignoreChanges)
        return super().RegisterResource(request)


_KNOWN: dict[str, Declared] = {}


def declare(settings: StageSettings) -> Declared:
    """What the stage program declares for `settings`; the same settings are run once, and only looked at."""
    key = settings.model_dump_json()
    if key not in _KNOWN:
        _KNOWN[key] = declare_anew(settings)
    return _KNOWN[key]


def declare_anew(settings: StageSettings) -> Declared:
    """Run the stage program for `settings`."""
    return record(lambda: compose(settings), settings.stage)


def whole(value: Any) -> Any:
    """Inputs as the engine sends them: mocks know no whole numbers."""
    if isinstance(value, dict):
        return {key: whole(item) for key, item in value.items()}
    if isinstance(value, list):
        return [whole(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def record(program: Callable[[], object], stack: str) -> Declared:
    """Run a program, or a part of one."""
    declared = Declared()
    asyncio.set_event_loop(asyncio.new_event_loop())
    set_mocks(declared, project="slipway", stack=stack, preview=False, monitor=Monitor(declared))
    with patch.object(pulumi.log, "warn", declared.warnings.append):
        pulumi.runtime.test(program)()
    return declared
