"""What a stage in memory holds, seen from the fakes that hold it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from release.domain.cleanup import Kind, Thing
from release.domain.plan import ConfigPlan, ModelPlan
from tests.fakes.sagemaker import FakeSageMaker
from tests.fakes.store import FakeArtifacts, FakeRegistry
from tests.fakes.trouble import Trouble

Key = tuple[Kind, str]
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@dataclass
class FakeHoldings:
    """All of one stage. `made` are things that are younger than the others."""

    trouble: Trouble
    sagemaker: FakeSageMaker
    artifacts: FakeArtifacts
    registry: FakeRegistry
    made: dict[str, datetime] = field(default_factory=dict)
    tags: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def held(self) -> list[Thing]:
        """Everything, of other endpoints too."""
        configs, models = self.sagemaker.configs.values(), self.sagemaker.models.values()
        found = [self._thing(Kind.CONFIG, config.name, _models(config)) for config in configs]
        found += [self._thing(Kind.MODEL, model.name, _content(model)) for model in models]
        for release, content in self.artifacts.manifests.items():
            uses = {(Kind.IMAGE, content.image.digest), (Kind.ARTIFACT, content.model.sha256)}
            found.append(self._thing(Kind.RELEASE, release, uses))
        found += [self._thing(Kind.ARTIFACT, _sha256(uri), set()) for uri in self.artifacts.models]
        return found + [self._thing(Kind.IMAGE, digest, set()) for digest in self.registry.images]

    def serving(self) -> Mapping[str, Collection[Key]]:
        """What every endpoint serves, or is on its way to."""
        found: dict[str, set[Key]] = {}
        for name, endpoint in self.sagemaker.endpoints.items():
            used = found.setdefault(name, set())
            for config in filter(None, (endpoint.config, endpoint.target)):
                used |= {(Kind.CONFIG, config.name), *_models(config)}
                for _, model in _models(config):
                    used |= _content(self.sagemaker.models[model])
        return found

    def delete(self, thing: Thing) -> None:
        """It is gone."""
        self.trouble.moment(f"delete {thing.kind.value}")
        match thing.kind:
            case Kind.CONFIG:
                del self.sagemaker.configs[thing.name]
            case Kind.MODEL:
                del self.sagemaker.models[thing.name]
            case Kind.RELEASE:
                del self.artifacts.manifests[thing.name]
            case Kind.ARTIFACT:
                del self.artifacts.models[self.artifacts.model_uri(thing.name)]
            case Kind.IMAGE:
                self.registry.images.remove(thing.name)
        self.trouble.moment()

    def _thing(self, kind: Kind, name: str, uses: set[Key]) -> Thing:
        tags = self.tags.get(name, ("release-0",)) if kind is Kind.IMAGE else ()
        return Thing(kind, name, self.made.get(name, LONG_AGO), frozenset(uses), tags)


def _models(config: ConfigPlan) -> set[Key]:
    return {(Kind.MODEL, variant.model_name) for variant in (*config.production, *config.shadow)}


def _content(model: ModelPlan) -> set[Key]:
    return {(Kind.IMAGE, model.image.rpartition("@")[2]), (Kind.ARTIFACT, _sha256(model.model))}


def _sha256(uri: str) -> str:
    return uri.split("/")[-2]
