"""SageMaker in memory: models, endpoint configs and endpoints that move, fail and fall back in silence."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from release.domain.deployment import Deployment
from release.domain.landed import Description
from release.domain.pins import is_burstable
from release.domain.plan import ConfigPlan, ModelPlan, VariantPlan
from release.domain.scaling import Scaling
from release.ports import Busy, ModelAnswered, Unanswered
from tests.fakes.trouble import Trouble

POLLS = 2
"""How often an endpoint is asked for before it comes to rest."""


@dataclass
class Endpoint:
    """One endpoint: the config that serves, and the one that it is on its way to."""

    config: ConfigPlan
    status: str = "InService"
    target: ConfigPlan | None = None
    polls: int = 0
    reason: str = ""
    count: int = 1
    """Instances of the live variant, as autoscaling chose them."""
    weights: dict[str, float] = field(default_factory=dict)
    """Weights that were moved since the config was deployed."""
    counts: dict[str, int] = field(default_factory=dict)
    scale_in_held: bool = False

    @property
    def live_count(self) -> int:
        """Instances of the live variant now."""
        return self.counts.get("live", self.count)

    @property
    def serving(self) -> set[str]:
        """Configs whose fleets may take requests now."""
        return {self.config.name} | ({self.target.name} if self.target else set())


class Update(NamedTuple):
    """One UpdateEndpoint."""

    endpoint: str
    config: str
    deployment: Deployment | None


@dataclass
class FakeSageMaker:
    """All of it. `never` are configs that no update arrives at; `wrong` are models that answer wrongly."""

    trouble: Trouble
    models: dict[str, ModelPlan] = field(default_factory=dict)
    configs: dict[str, ConfigPlan] = field(default_factory=dict)
    endpoints: dict[str, Endpoint] = field(default_factory=dict)
    never: set[str] = field(default_factory=set)
    wrong: set[str] = field(default_factory=set)
    answer: bytes | None = None
    """What every invocation answers, instead of a score."""
    unanswered: int = 0
    """How many of the next invocations get no answer."""
    refuses: ModelAnswered | None = None
    """What the server says of every request, instead of a score."""
    bodies: list[tuple[bytes, str]] = field(default_factory=list)
    """Every request that was sent, and its content type."""
    accepted: list[str] = field(default_factory=list)
    """The content type that each of them asked for, "" for none."""
    alarms: set[str] = field(default_factory=set)
    """Alarms of endpoint configs; those of endpoints are always there."""
    updates: list[Update] = field(default_factory=list)
    rescaled: list[tuple[dict[str, float], dict[str, int]]] = field(default_factory=list)
    """Every UpdateEndpointWeightsAndCapacities."""
    scales: tuple[int, int] | None = None
    """Bounds of what scales every endpoint."""
    targets: set[str] = field(default_factory=set)
    """Endpoints whose live variant is a scalable target."""
    policies: set[str] = field(default_factory=set)
    """Those of them that have their scaling policy."""
    busy: int = 0
    """How many of the next ones meet an endpoint that somebody else is changing."""
    stuck: bool = False
    """Whether they come to nothing, as where there is no capacity."""

    def create(self, name: str, config: ConfigPlan) -> None:
        """CreateEndpoint, waited for: InService, or Failed for a config that never arrives."""
        failed = config.name in self.never
        self.endpoints[name] = Endpoint(
            config, "Failed" if failed else "InService", reason="no ping" if failed else ""
        )

    def describe(self, endpoint: str) -> Description | None:
        """DescribeEndpoint; an update comes nearer to its end each time."""
        self.trouble.moment()
        found = self.endpoints.get(endpoint)
        if found is None:
            return None
        _advance(found, self.never)
        return {
            "EndpointName": endpoint,
            "EndpointStatus": found.status,
            "EndpointConfigName": found.config.name,
            "FailureReason": found.reason,
            "ProductionVariants": [_variant(found, variant) for variant in found.config.production],
            "ShadowProductionVariants": [_variant(found, variant) for variant in found.config.shadow],
        }

    def update(self, endpoint: str, config: str, deployment: Deployment | None) -> None:
        """UpdateEndpoint."""
        self.trouble.moment("UpdateEndpoint")
        found, wanted = self.endpoints[endpoint], self.configs[config]
        assert found.target is None, "UpdateEndpoint while an update is under way"
        assert found.status == "InService", found.status
        before, after = ([v.name for v in c.production + c.shadow] for c in (found.config, wanted))
        same_type = _live_type(found.config) == _live_type(wanted)
        assert same_type or endpoint not in self.targets, "another instance type under a scalable target"
        assert deployment is None or before == after, "guardrails want the same variants before and after"
        assert deployment is None or self.alarms >= set(deployment.alarms), "an alarm that does not exist"
        found.target, found.polls, found.status, found.reason = wanted, POLLS, "Updating", ""
        self.updates.append(Update(endpoint, config, deployment))
        self.trouble.moment()

    def rescale(self, endpoint: str, weights: Mapping[str, float], counts: Mapping[str, int]) -> None:
        """UpdateEndpointWeightsAndCapacities, at rest again with the next look."""
        self.trouble.moment("UpdateEndpointWeightsAndCapacities")
        found = self.endpoints[endpoint]
        if self.busy:
            self.busy -= 1
            raise Busy("Cannot update in-progress endpoint")
        assert found.target is None, "weights moved while an update is under way"
        variants = {variant.name for variant in found.config.production + found.config.shadow}
        assert set(weights) | set(counts) <= variants
        if not self.stuck:
            found.weights |= dict(weights)
            found.counts |= dict(counts)
        self.rescaled.append((dict(weights), dict(counts)))
        self.trouble.moment()

    def hold_scaling(self, endpoint: str) -> None:
        """Suspend scaling in."""
        self.trouble.moment()
        self.endpoints[endpoint].scale_in_held = True
        self.trouble.moment()

    def free_scaling(self, endpoint: str) -> None:
        """Scaling in as before."""
        self.trouble.moment()
        self.endpoints[endpoint].scale_in_held = False
        self.trouble.moment()

    def bounds(self, endpoints: Sequence[str]) -> Mapping[str, tuple[int, int]]:
        """As set, of all."""
        return dict.fromkeys(endpoints, self.scales) if self.scales else {}

    def config_names(self) -> frozenset[str]:
        """All of them."""
        return frozenset(self.configs)

    def model_names(self) -> frozenset[str]:
        """All of them."""
        return frozenset(self.models)

    def end_scaling(self, endpoint: str) -> None:
        """Deregister."""
        self.trouble.moment("DeregisterScalableTarget")
        self.targets.discard(endpoint)
        self.policies.discard(endpoint)
        self.endpoints[endpoint].scale_in_held = False
        self.trouble.moment()

    def begin_scaling(self, endpoint: str, asked: Scaling, held: bool) -> None:
        """Register where it is none, then its policy where that is missing."""
        self.trouble.moment()
        found = self.endpoints[endpoint]
        assert not is_burstable(_live_type(found.config)), "a burstable type is no target"
        if endpoint not in self.targets:
            self.targets.add(endpoint)
            found.scale_in_held = held
        self.trouble.moment()
        if asked.invocations is not None:
            self.policies.add(endpoint)
        self.trouble.moment()

    def instance_types(self, config: str) -> Mapping[str, str]:
        """Of the production variants."""
        found = self.configs.get(config)
        return {variant.name: variant.instance_type for variant in found.production} if found else {}

    def delete(self, endpoint: str) -> None:
        """DeleteEndpoint."""
        self.trouble.moment("DeleteEndpoint")
        del self.endpoints[endpoint]
        self.targets.discard(endpoint)
        self.policies.discard(endpoint)
        self.trouble.moment()

    def config_model(self, config: str) -> str | None:
        """The model of the first variant."""
        found = self.configs.get(config)
        return found.production[0].model_name if found else None

    def model_container(self, model: str) -> Mapping[str, Any] | None:
        """A model's container."""
        found = self.models.get(model)
        if found is None:
            return None
        return {"Image": found.image, "ModelDataUrl": found.model, "Environment": dict(found.environment)}

    def invoke(
        self, endpoint: str, body: bytes, content_type: str, variant: str | None = None, accept: str = ""
    ) -> Mapping[str, Any]:
        """A score of .5, or another one from a wrong model."""
        self.trouble.moment(f"InvokeEndpoint {variant}" if variant else "InvokeEndpoint")
        if self.unanswered:
            self.unanswered -= 1
            raise Unanswered("throttled")
        self.bodies.append((body, content_type))
        self.accepted.append(accept)
        if self.refuses:
            raise self.refuses
        config = self.endpoints[endpoint].config
        [asked] = [v for v in config.production if v.name == (variant or config.production[0].name)]
        score = 0.9 if asked.model_name in self.wrong else 0.5
        body = self.answer or json.dumps({"predictions": [score]}).encode()
        return {"Body": body, "ContentType": "application/json", "InvokedProductionVariant": asked.name}


def _live_type(config: ConfigPlan) -> str:
    return next(variant.instance_type for variant in config.production if variant.name == "live")


def _advance(found: Endpoint, never: set[str]) -> None:
    if found.target is None:
        return
    found.polls -= 1
    if found.polls > 0:
        found.status = "RollingBack" if found.target.name in never else "Updating"
        return
    if found.target.name in never:
        found.reason = "it did not pass the ping health check"
    else:
        found.config = found.target
        found.weights, found.counts = {}, {}
    found.target, found.status = None, "InService"


def _variant(found: Endpoint, variant: VariantPlan) -> dict[str, Any]:
    live = variant.name == "live"
    count = found.live_count if live else found.counts.get(variant.name, variant.capacity)
    return {
        "VariantName": variant.name,
        "CurrentWeight": found.weights.get(variant.name, variant.weight),
        "CurrentInstanceCount": count,
        "DesiredInstanceCount": count,
        "DeployedImages": [{"ResolvedImage": f"registry/image@{variant.digest}"}],
    }
