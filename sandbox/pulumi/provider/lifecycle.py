"""What all resource types have in common: check, diff, and the steps around create, read, update, delete.

One `Lifecycle` is one resource type with the AWS that it lives in. Tags, the region and the inputs that
only this provider knows are handled here, so that a type's own code is only calls to AWS.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sandbox.pulumi.provider.aws import Aws, ProviderError
from sandbox.pulumi.provider.properties import Change, Default, Property, changes, inputs_from_state
from sandbox.pulumi.provider.resource import Resource, Update
from sandbox.pulumi.provider.values import UNKNOWN, Properties, Value

_REGION = Property(default=Default.COMPUTED, replaces=True)

_TIMEOUT_SECONDS = 3600.0
"""How long an operation may wait when the program sets no `custom_timeouts`, as the real provider waits."""


class PartialError(Exception):
    """The resource exists, but did not become what it should: its state must be kept, with the reason."""

    def __init__(self, identifier: str, state: Properties, reason: str) -> None:
        super().__init__(reason)
        self.identifier = identifier
        self.state = state


@dataclass(frozen=True)
class Difference:
    """The answer to a diff."""

    changes: Sequence[Change]
    delete_first: bool
    """A replacement must delete the old one first: AWS allows its name only once."""


class Lifecycle:
    """One resource type, and the AWS that it is used with."""

    def __init__(self, resource: Resource, aws: Aws) -> None:
        self._resource = resource
        self._aws = aws
        self._properties = dict(resource.properties)
        if resource.regional:
            self._properties["region"] = _REGION

    def check(self, inputs: Properties) -> list[tuple[str, str]]:
        """Return (input, reason) for each input that is missing or that this provider does not know."""
        failures = [
            (name, f"Missing required property '{name}'")
            for name, spec in self._properties.items()
            if spec.required and inputs.get(name) is None
        ]
        failures += [
            (name, f"the sandbox's AWS provider does not know '{name}' of {self._resource.token}")
            for name, value in inputs.items()
            if name not in self._properties and value is not None
        ]
        return failures

    def diff(
        self, old_inputs: Properties, state: Properties, inputs: Properties, ignored: Sequence[str]
    ) -> Difference:
        """Compare a resource's state with its new inputs."""
        found = changes(self._properties, old_inputs, state, inputs, ignored)
        identity = self._resource.identity
        same_name = bool(identity) and all(state.get(name) == inputs.get(name) for name in identity)
        return Difference(found, delete_first=same_name and any(change.replaces for change in found))

    def preview_create(self, inputs: Properties) -> Properties:
        """Return the outputs as far as they are known before the resource exists."""
        outputs: Properties = dict.fromkeys(self._resource.computed, UNKNOWN)
        for name, spec in self._properties.items():
            if spec.default is Default.COMPUTED:
                outputs[name] = UNKNOWN
        if self._resource.regional:
            outputs["region"] = self._aws.region
        if "tags" in self._properties:
            outputs["tagsAll"] = self._all_tags(inputs)
        return {**outputs, **inputs}

    def preview_update(self, state: Properties, inputs: Properties) -> Properties:
        """Return the outputs that an update will leave, as far as they are known before it."""
        kept = {name: value for name, value in state.items() if self._is_kept(name)}
        tags: Properties = {"tagsAll": self._all_tags(inputs)} if "tags" in self._properties else {}
        return {**kept, **inputs, **tags}

    def create(self, inputs: Properties, timeout: float) -> tuple[str, Properties]:
        """Create a resource; return its id and state.

        Raises ProviderError when nothing was created, PartialError when it exists but failed.
        """
        wait = timeout or _TIMEOUT_SECONDS
        identifier = self._resource.create(self._aws, {**inputs, "tags": self._all_tags(inputs)})
        try:
            self._resource.finish(self._aws, identifier, inputs, wait)
        except ProviderError as error:
            state = self._state_after(identifier, inputs) or dict(inputs)
            raise PartialError(identifier, state, str(error)) from error
        state = self._state_after(identifier, inputs)
        if state is None:
            raise ProviderError(
                f"creating {self._name(identifier)}: it does not exist right after its creation"
            )
        return identifier, state

    def read(
        self, identifier: str, state: Properties, old_inputs: Properties
    ) -> tuple[str, Properties, Properties] | None:
        """Return (id, state, inputs) as AWS has them now, or None when the resource is gone."""
        live = self._resource.read(self._aws, identifier, state)
        if live is None:
            return None
        complete = self._complete(live, old_inputs)
        return (
            self._resource.external_id(identifier),
            complete,
            inputs_from_state(self._properties, old_inputs, complete),
        )

    def update(
        self,
        identifier: str,
        difference: Difference,
        state: Properties,
        inputs: Properties,
        timeout: float,
    ) -> Properties:
        """Apply a difference; return the new state. Raises PartialError: the resource still exists."""
        old_tags = state.get("tagsAll")
        tags = self._aws.all_tags(inputs.get("tags"))
        gone = tuple(sorted(set(old_tags) - set(tags))) if isinstance(old_tags, dict) else ()
        update = Update(
            inputs=inputs,
            state=state,
            changed=frozenset(change.name for change in difference.changes),
            new_tags=tags,
            gone_tags=gone,
            timeout=timeout or _TIMEOUT_SECONDS,
        )
        try:
            self._resource.update(self._aws, identifier, update)
        except ProviderError as error:
            left = self._state_after(identifier, inputs)
            raise PartialError(identifier, left or state, str(error)) from error
        after = self._state_after(identifier, inputs)
        if after is None:
            raise ProviderError(f"updating {self._name(identifier)}: it has been deleted meanwhile; refresh")
        return after

    def delete(self, identifier: str, state: Properties, timeout: float) -> None:
        """Delete a resource. Raises ProviderError."""
        self._resource.delete(self._aws, identifier, state, timeout or _TIMEOUT_SECONDS)

    def _state_after(self, identifier: str, inputs: Properties) -> Properties | None:
        live = self._resource.read(self._aws, identifier, inputs)
        return None if live is None else self._complete(live, inputs)

    def _complete(self, live: Properties, inputs: Properties) -> Properties:
        state: Properties = {
            name: inputs[name] for name, spec in self._properties.items() if spec.local and name in inputs
        }
        state.update({name: value for name, value in live.items() if value is not None})
        if self._resource.regional:
            state["region"] = inputs.get("region") or self._aws.region
        tags = state.get("tagsAll")
        if "tags" in self._properties and isinstance(tags, dict):
            default = self._aws.settings.default_tags
            own: dict[str, Value] = {key: value for key, value in tags.items() if default.get(key) != value}
            state["tags"] = own
        return state

    def _all_tags(self, inputs: Properties) -> dict[str, Value]:
        return dict(self._aws.all_tags(inputs.get("tags")))

    def _is_kept(self, name: str) -> bool:
        spec = self._properties.get(name)
        return spec is None or spec.default is Default.COMPUTED

    def _name(self, identifier: str) -> str:
        return f"{self._resource.label} ({identifier})"
