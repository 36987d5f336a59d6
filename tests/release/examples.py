"""Values that the tests of `release` build on."""

from collections.abc import Sequence
from typing import Any

from release.domain import ledger, names
from release.domain.ledger import OpenRollout, Owner, Stored, Subject, holding, open_rollouts
from release.domain.manifest import GateResult, ImageRecord, Manifest, ModelRecord
from release.domain.pins import EndpointSettings, Instances, Pins, ReleasePin
from release.domain.plan import ConfigPlan, VariantPlan

OLD, NEW, NEXT = "0c77e1d2ab93", "3f2a9c01d4e7", "81bb02aa6f10"
OWNER = Owner(host="ci-1", pid=42, started=1000, user="ci")
OTHER = Owner(host="ci-2", pid=43, started=2000, user="ci")
AT = "2026-01-01T00:00:00.000+00:00"
TYPE = "ml.m7i.large"


def pin(release: str = NEW, **changes: Any) -> ReleasePin:
    """A pin whose digest and checksum follow from the release's first character."""
    values = {
        "release": release,
        "image": f"123456789012.dkr.ecr.us-east-1.amazonaws.com/slipway-prod@sha256:{release[0] * 64}",
        "model": f"s3://slipway-prod-123456789012-us-east-1/models/{release[0] * 64}/model.tar.gz",
        "sha256": release[0] * 64,
        "capacity": 2,
        "type": TYPE,
    }
    return ReleasePin.model_validate(values | changes)


def pins(live: str | None = None, previous: str | None = None, candidate: str | None = None) -> Pins:
    """Pins of these releases."""
    return Pins(
        live=pin(live) if live else None,
        candidate=pin(candidate) if candidate else None,
        previous=pin(previous) if previous else None,
    )


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


def described(variant: VariantPlan, **changes: Any) -> dict[str, Any]:
    """A variant of DescribeEndpoint's answer when SageMaker serves exactly the planned one."""
    answer = {
        "VariantName": variant.name,
        "CurrentWeight": variant.weight,
        "DesiredInstanceCount": 2,
        "CurrentInstanceCount": 2,
        "DeployedImages": [{"ResolvedImage": f"registry/slipway@{variant.digest}"}],
    }
    return answer | changes


def description(config: ConfigPlan, **changes: Any) -> dict[str, Any]:
    """DescribeEndpoint's answer when SageMaker serves exactly the config."""
    answer = {
        "EndpointName": names.endpoint("delays", "prod"),
        "EndpointStatus": "InService",
        "EndpointConfigName": config.name,
        "ProductionVariants": [described(variant) for variant in config.production],
        "ShadowProductionVariants": [described(variant) for variant in config.shadow],
    }
    return answer | changes


def payload(event: str, release: str = NEW) -> dict[str, Any]:
    """What an entry of this event holds."""
    match event:
        case "opened":
            return {"event": event, "before": pins(OLD), "after": pins(release, OLD)}
        case "reverting":
            return {"event": event, "reason": "no ping"}
        case "refused":
            return {"event": event, "reasons": ("auc: too low",)}
        case _:
            return {"event": event}


def history(
    *events: str, kind: ledger.Kind = "promote", release: str = NEW, owner: Owner = OWNER
) -> list[Stored]:
    """A whole ledger in which one rollout went through `events`."""
    stored: list[Stored] = []
    subject = Subject(kind=kind, endpoint="delays", release=release, rollout="r1")
    for event in events:
        values = {
            "number": len(stored) + 1,
            "previous": stored[-1].sha256 if stored else "",
            "at": AT,
            "subject": subject,
            "owner": owner,
            "what": payload(event, release),
        }
        stored.append(Stored.from_bytes(ledger.Entry.model_validate(values).to_bytes()))
    return stored


def open_rollout(entries: Sequence[Stored]) -> OpenRollout | None:
    """What holds the stage by these last entries, oldest first, or None."""
    return holding(open_rollouts(entries))
