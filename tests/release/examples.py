"""Values that the tests of `release` build on."""

from typing import Any

from release.domain.ledger import Entry, Event, Kind, Owner, Pins
from release.domain.manifest import GateResult, ImageRecord, Manifest, ModelRecord
from release.domain.pins import EndpointSettings, Instances, ReleasePin

OLD, NEW = "0c77e1d2ab93", "3f2a9c01d4e7"
OWNER = Owner(host="ci-1", pid=42, started=1000, user="ci")


def pin(release: str = NEW, **changes: Any) -> ReleasePin:
    """A pin whose digest and checksum follow from the release's first character."""
    values = {
        "release": release,
        "image": f"123456789012.dkr.ecr.us-east-1.amazonaws.com/slipway-prod@sha256:{release[0] * 64}",
        "model": f"s3://slipway-prod-123456789012-us-east-1/models/{release[0] * 64}/model.tar.gz",
        "sha256": release[0] * 64,
        "capacity": 2,
    }
    return ReleasePin.model_validate(values | changes)


def settings(**changes: Any) -> EndpointSettings:
    values: dict[str, Any] = {"instances": Instances(min=1, max=4)}
    return EndpointSettings(**(values | changes))


def manifest(**changes: Any) -> Manifest:
    values: dict[str, Any] = {
        "service": "delays",
        "image": ImageRecord(digest="sha256:" + "a" * 64, size=1, runtime="container", python="3.12"),
        "model": ModelRecord(sha256="b" * 64, size=1),
        "input_schema": {},
        "source": {"git_commit": "abc", "git_dirty": False},
        "evaluation": {"auc": 0.71},
        "gates": (GateResult(name="auc", passed=True, value=0.71, bound=0.69),),
        "golden_sha256": "c" * 64,
    }
    return Manifest(**(values | changes))


def description(plan: Any, **changes: Any) -> dict[str, Any]:
    """DescribeEndpoint's answer when SageMaker serves exactly the plan."""
    variant = {
        "VariantName": plan.live.variant,
        "CurrentWeight": 1.0,
        "CurrentInstanceCount": 2,
        "DeployedImages": [{"ResolvedImage": f"registry/slipway@{plan.live_digest}"}],
    }
    answer = {
        "EndpointName": plan.endpoint,
        "EndpointStatus": "InService",
        "EndpointConfigName": plan.live.name,
        "ProductionVariants": [variant],
    }
    return answer | changes


def history(*events: Event, kind: Kind = "promote", release: str = NEW, owner: Owner = OWNER) -> list[Entry]:
    """A whole ledger in which one rollout went through `events`."""
    entries: list[Entry] = []
    for event in events:
        data: dict[str, Any] = {}
        if event == "opened":
            before = Pins(live=pin(OLD).model_dump()).model_dump()
            data = {"before": before, "after": Pins(live=pin(release).model_dump()).model_dump()}
        if event == "reverting":
            data = {"reason": "no ping"}
        entries.append(
            Entry(
                number=len(entries) + 1,
                previous=entries[-1].hash if entries else "",
                at="2026-01-01T00:00:00.000+00:00",
                kind=kind,
                event=event,
                endpoint="delays",
                release=release,
                rollout="r1",
                owner=owner,
                data=data,
            )
        )
    return entries
