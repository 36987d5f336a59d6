"""What an endpoint's pins mean in SageMaker: models, endpoint configs and the endpoint, as values.

Pure: the Pulumi program declares this plan, a rollout moves between its configs, and the landed check
compares SageMaker with it. How traffic moves is not in it (`release/domain/deployment.py`).
"""

import math
from dataclasses import dataclass, replace
from typing import Any

from release.domain import names, s3_uri
from release.domain.capture import Capture
from release.domain.pins import Pins, ReleasePin, Vpc


@dataclass(frozen=True)
class ModelPlan:
    """One SageMaker model."""

    name: str
    image: str
    model: str
    environment: tuple[tuple[str, str], ...] = ()
    """Its container's variables, by name."""
    vpc: Vpc | None = None
    isolated: bool = True
    """Whether its container can reach no network: all but those that keep what they answer."""


@dataclass(frozen=True)
class VariantPlan:
    """One variant of an endpoint config: a fleet that serves one model.

    `weight` is its share of the traffic relative to the other variants; of a shadow variant, the share of
    the traffic that is copied to it. Weights are whole numbers: the AWS provider keeps them as 32-bit floats
    and would plan a change for ever for what those cannot hold.
    """

    name: str
    model_name: str
    digest: str
    """The image digest that it has to run: `sha256:…`."""
    instance_type: str
    capacity: int
    weight: float = 1.0


@dataclass(frozen=True)
class ConfigPlan:
    """One endpoint config. `name` is the hash of all it holds."""

    name: str
    production: tuple[VariantPlan, ...]
    shadow: tuple[VariantPlan, ...] = ()
    capture: Capture | None = None

    def at(self, percent: int) -> "ConfigPlan":
        """The same config, once the weights were moved: the candidate has `percent` of the traffic."""
        shares = {names.LIVE: 100.0 - percent, names.CANDIDATE: float(percent)}
        moved = (replace(variant, weight=shares[variant.name]) for variant in self.production)
        return replace(self, production=tuple(moved))


@dataclass(frozen=True)
class Split:
    """How a candidate stands beside the live release: with `percent` of the traffic, or in its shadow.

    In the shadow it gets a copy of `percent` of the requests, and nobody gets its answers.
    """

    percent: int
    shadow: bool = False


STANDING_BESIDE = (Split(0), Split(100, shadow=True))
"""How a candidate stands that is pinned `beside` live, in every strategy that has it do so."""


@dataclass(frozen=True)
class EndpointPlan:
    """Everything SageMaker holds for one endpoint of a stage."""

    endpoint: str
    models: tuple[ModelPlan, ...]
    configs: tuple[ConfigPlan, ...]
    live: ConfigPlan | None
    """What serves when no rollout is under way."""
    first: ConfigPlan | None
    """What the endpoint is created with: the live release, before there is one the candidate."""
    watched: ConfigPlan | None
    """What a guarded update is about to move to: it has alarms of its own meanwhile."""


def endpoint_plan(stage: str, name: str, pins: Pins, splits: tuple[Split, ...] = ()) -> EndpointPlan:
    """The plan of endpoint `name` in `stage`. Every pin has its instance type (`Pins.on`).

    Models and configs of every pinned release are in it, live first, each once: a rollback to a config that
    still has the live one's content needs no second copy. For each of `splits` there is one config more, in
    which the candidate stands beside the live release.
    """
    models = {m.name: m for m in (model_plan(stage, name, pin) for pin in pins.named)}
    configs = {c.name: c for c in (config_plan(stage, name, pin) for pin in pins.named)}
    if pins.live and pins.candidate:
        splits = (*splits, *STANDING_BESIDE) if pins.candidate.beside else splits
        beside = (beside_plan(stage, name, pins.live, pins.candidate, split) for split in splits)
        configs |= {config.name: config for config in beside}
    first = pins.live or pins.candidate
    return EndpointPlan(
        endpoint=names.endpoint(name, stage),
        models=tuple(models.values()),
        configs=tuple(configs.values()),
        live=config_plan(stage, name, pins.live) if pins.live else None,
        first=config_plan(stage, name, first) if first else None,
        watched=_watched(stage, name, pins),
    )


def _watched(stage: str, name: str, pins: Pins) -> ConfigPlan | None:
    coming = pins.candidate
    return config_plan(stage, name, coming) if pins.live and coming and not coming.beside else None


def same_things(one: EndpointPlan, other: EndpointPlan) -> bool:
    """Whether two plans declare the same models, configs and alarms, and an endpoint both or neither.

    Which of the configs serves is no difference: that is moved by rollouts, not by the stack.
    """
    return (
        set(one.models) == set(other.models)
        and set(one.configs) == set(other.configs)
        and one.watched == other.watched
        and (one.first is None) == (other.first is None)
    )


def model_plan(stage: str, name: str, pin: ReleasePin) -> ModelPlan:
    """The SageMaker model of a pinned release."""
    variables = tuple(sorted(pin.environment.items()))
    return ModelPlan(_model_name(stage, name, pin), pin.image, pin.model, variables, pin.vpc, _isolated(pin))


def _isolated(pin: ReleasePin) -> bool:
    return pin.capture is None or not pin.capture.by_container


def _model_name(stage: str, name: str, pin: ReleasePin) -> str:
    """The model's name, from all that it holds.

    A release's id is the hash of what names its image's digest and its artifact's SHA-256. Where they lie
    is as usual the stage's own registry and bucket; otherwise it is content of the name, too, as is an
    environment: models that earlier versions made have none, and keep their names. The role is the same for
    every model of a stage, for ever: one that is not has to say so here. All are cut off from the network but
    those that say otherwise.
    """
    besides: dict[str, Any] = {}
    if pin.image.rpartition("@")[0].rpartition("/")[2] != names.repository(stage):
        besides["image"] = pin.image
    bucket, key = s3_uri.parts(pin.model)
    if not f"{bucket}-".startswith(names.buckets(stage)) or key != names.model_key(pin.sha256):
        besides["model"] = pin.model
    if pin.environment:
        besides["environment"] = pin.environment
    if pin.vpc:
        besides["vpc"] = pin.vpc.model_dump(mode="json")
    if not _isolated(pin):
        besides["isolated"] = False
    return names.model(name, stage, pin.release, besides)


def config_plan(stage: str, name: str, pin: ReleasePin) -> ConfigPlan:
    """The endpoint config in which a pinned release serves alone, as the variant `live`."""
    variant = _variant(stage, name, names.LIVE, pin, 1.0)
    content = _content(variant) | _captured(pin)
    return ConfigPlan(names.endpoint_config(name, stage, content), (variant,), capture=_by_sagemaker(pin))


def beside_plan(stage: str, name: str, live: ReleasePin, candidate: ReleasePin, split: Split) -> ConfigPlan:
    """The endpoint config in which a candidate stands beside the live release, or in its shadow.

    It captures what the live one does: an endpoint has one capture, and until it lands live's goes on.
    """
    share = float(split.percent)
    kept = _variant(stage, name, names.LIVE, live, 100.0 if split.shadow else 100.0 - share)
    sized = candidate.model_copy(update={"capacity": fleet(candidate.capacity, split.percent)})
    other = _variant(stage, name, names.CANDIDATE, sized, share)
    production, shadow = ((kept,), (other,)) if split.shadow else ((kept, other), ())
    content = {"production": [_content(v) for v in production], "shadow": [_content(v) for v in shadow]}
    content |= _captured(live)
    return ConfigPlan(names.endpoint_config(name, stage, content), production, shadow, _by_sagemaker(live))


def compared_plan(stage: str, name: str, before: Pins, after: Pins, percent: int) -> ConfigPlan:
    """What serves while an experiment runs: what was live beside what may become it, at weights that stay."""
    assert before.live is not None
    assert after.live is not None
    return beside_plan(stage, name, before.live, after.live, Split(0)).at(percent)


def fleet(instances: int, percent: int) -> int:
    """How many instances bear `percent` of what `instances` bear; at least one."""
    return max(1, math.ceil(instances * percent / 100))


def _variant(stage: str, name: str, role: str, pin: ReleasePin, weight: float) -> VariantPlan:
    if pin.type is None:
        raise ValueError(f"the pin of {pin.release} has no instance type: fill it by Pins.on")
    model = _model_name(stage, name, pin)
    return VariantPlan(role, model, pin.digest, pin.type, pin.capacity, weight)


def _by_sagemaker(pin: ReleasePin) -> Capture | None:
    """What SageMaker captures: what the container keeps is told to its model, and no config's."""
    return None if pin.capture is None or pin.capture.by_container else pin.capture


def _captured(pin: ReleasePin) -> dict[str, Any]:
    """What of a pin's capture its config holds: configs that earlier versions made have none."""
    return {"capture": capture.content} if (capture := _by_sagemaker(pin)) else {}


def _content(variant: VariantPlan) -> dict[str, Any]:
    """What of a variant its config holds: the digest is the model's."""
    return {
        "variant": variant.name,
        "model_name": variant.model_name,
        "instance_type": variant.instance_type,
        "capacity": variant.capacity,
        "weight": variant.weight,
    }
