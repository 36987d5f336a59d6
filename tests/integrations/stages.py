"""Exported stages as values, for tests of formats: no world is asked."""

import hashlib
from typing import Any

from release.domain import container, names
from release.domain.exported import Exported, ExportedEndpoint, exported_release
from release.domain.manifest import Foreign, ImageRecord, Manifest, ModelRecord
from release.domain.pins import EndpointSettings, ReleasePin
from release.domain.stage import TrainingSettings

ACCOUNT, REGION, STAGE = "123456789012", "us-east-1", "prod"
REGISTRY = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"
BUCKET = names.bucket(STAGE, ACCOUNT, REGION)
PINNED = ("capacity", "vpc", "capture", "environment", "type", "model", "sha256")
MADE = ("runtime", "foreign", "fetches")
SOURCE = {
    "git_commit": "abc",
    "data_version": "flights-1",
    "data_sha256": "d" * 64,
    "data_md5": "e" * 32,
    "data_size": 1,
}
SCHEMA = {
    "service": "delays",
    "features": [{"name": "distance", "type": "number"}],
    "output": {"kind": "probability"},
}


def manifest_of(
    number: int, runtime: Any = "container", foreign: Any = None, fetches: bool = True
) -> Manifest:
    """The manifest of the `number`-th release."""
    return Manifest(
        service="delays",
        image=ImageRecord(
            digest="sha256:" + f"{number:x}".rjust(64, "a"),
            size=1,
            runtime=runtime,
            python="3.12",
            fetches=fetches,
        ),
        model=ModelRecord(sha256=hashlib.sha256(str(number).encode()).hexdigest(), size=1),
        input_schema=SCHEMA,
        source=SOURCE,
        evaluation={"auc": 0.7},
        gates=(),
        golden_sha256="c" * 64,
        foreign=Foreign.model_validate(foreign) if foreign else None,
    )


def pin_of(number: int, stage: str = STAGE, endpoint: str = "delays", **changes: Any) -> ReleasePin:
    """A pin of that release, as a rollout writes it."""
    content = manifest_of(number)
    values: dict[str, Any] = {
        "release": content.id,
        "image": f"{REGISTRY}/{names.repository(stage)}@{content.image.digest}",
        "model": f"s3://{BUCKET}/{names.model_key(content.model.sha256)}",
        "sha256": content.model.sha256,
        "capacity": 2,
        "type": "ml.m7i.large",
        "environment": container.environment(names.endpoint(endpoint, stage), {}, "auto"),
    }
    return ReleasePin.model_validate(values | changes)


def endpoint_of(
    live: int = 1, previous: int | None = 2, *, name: str = "delays", fenced: bool = False, **settings: Any
) -> ExportedEndpoint:
    """An endpoint that serves the `live`-th release; `settings` are those of its file, pins and images."""
    made = {key: settings.pop(key) for key in MADE if key in settings}
    pinned = {key: settings.pop(key) for key in PINNED if key in settings}

    def release(number: int, marked: bool = False) -> Any:
        pin = pin_of(number, endpoint=name, **pinned)
        return exported_release(STAGE, name, pin, manifest_of(number, **made), marked)

    found = EndpointSettings.model_validate({"instances": {"min": 2, "max": 4}} | settings)
    way_back = release(previous, fenced) if previous is not None else None
    return ExportedEndpoint(name, names.endpoint(name, STAGE), found, release(live), way_back)


def exported(*endpoints: ExportedEndpoint, pipelines: bool = False) -> Exported:
    """prod with these endpoints, or with one that has a way back."""
    training = TrainingSettings(pipelines=pipelines)
    return Exported(STAGE, ACCOUNT, REGION, endpoints or (endpoint_of(),), training)
