"""The shape that every resource type has.

A type says what its inputs are (`properties`) and how to create, read, update and delete one. It knows
nothing of Pulumi's protocol; `lifecycle` gives the types their common behaviour.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

from sandbox.pulumi.provider.aws import Aws, ProviderError, attempt, find, tag_list
from sandbox.pulumi.provider.properties import Default, Property
from sandbox.pulumi.provider.values import Properties

_FIRST_POLL_SECONDS = 0.05
_LONGEST_POLL_SECONDS = 0.5

Answer = TypeVar("Answer")

TAGS = Property()
"""The `tags` input of every type that has tags."""

NAME = Property(required=True, replaces=True)
"""An explicit name. The real provider can invent one; a program whose names come from content never asks."""

COMPUTED = Property(default=Default.COMPUTED)


class Resource:
    """One resource type. Subclasses are stateless: one instance serves all resources of the type."""

    token: ClassVar[str]
    """Pulumi's type token: `aws:s3/bucket:Bucket`."""
    label: ClassVar[str]
    """What errors call it: `S3 Bucket`."""
    properties: ClassVar[Mapping[str, Property]]
    computed: ClassVar[tuple[str, ...]] = ("arn",)
    """Outputs that are no inputs, unknown until the resource exists."""
    identity: ClassVar[tuple[str, ...]] = ("name",)
    """The inputs that AWS allows once: a replacement with the same ones must delete first."""
    regional: ClassVar[bool] = True

    def create(self, aws: Aws, inputs: Properties) -> str:
        """Create it and return its id. Steps that may fail with the resource left behind are `finish`."""
        raise NotImplementedError

    def finish(self, aws: Aws, identifier: str, inputs: Properties, timeout: float) -> None:
        """Bring a resource that was just created to its declared state, and wait until it is there."""

    def read(self, aws: Aws, identifier: str, known: Properties) -> Properties | None:
        """Return its state from AWS, or None where it does not exist.

        `known` is the last state (empty on import). Tags are answered as `tagsAll`.
        """
        raise NotImplementedError

    def update(self, aws: Aws, identifier: str, update: "Update") -> None:
        """Apply a change that does not replace, and wait until it is done."""
        raise NotImplementedError

    def delete(self, aws: Aws, identifier: str, state: Properties, timeout: float) -> None:
        """Delete it; one that is gone already is a success."""
        raise NotImplementedError

    def doing(self, verb: str, identifier: str) -> str:
        """What an error says was under way: `creating SageMaker Model (delays-dev-1)`."""
        return f"{verb} {self.label} ({identifier})"

    def external_id(self, identifier: str) -> str:
        """Return the id under which Pulumi keeps a resource that was imported as `identifier`."""
        return identifier


class Described(Resource):
    """A type that AWS describes and deletes by one call each, which take the resource's id in one member.

    A subclass names the calls and says what the answer means (`state`).
    """

    service: ClassVar[str]
    """botocore's name of the service."""
    member: ClassVar[str]
    """The member of all calls that takes the id: `ModelName`."""
    describe_call: ClassVar[str]
    delete_call: ClassVar[str]
    gone: ClassVar[tuple[str, ...]]
    """The error codes that say that it does not exist, as `find` takes them."""

    def state(self, aws: Aws, doing: str, identifier: str, found: Any) -> Properties | None:
        """Return the state that the describe call's answer means, or None where it counts as gone."""
        raise NotImplementedError

    def read(self, aws: Aws, identifier: str, known: Properties) -> Properties | None:
        """As Resource.read."""
        doing = self.doing("reading", identifier)
        found = self._find(aws, doing, self.describe_call, identifier)
        return None if found is None else self.state(aws, doing, identifier, found)

    def delete(self, aws: Aws, identifier: str, state: Properties, timeout: float) -> None:
        """As Resource.delete."""
        self._find(aws, self.doing("deleting", identifier), self.delete_call, identifier)

    def _find(self, aws: Aws, doing: str, call: str, identifier: str) -> Any | None:
        return find(doing, self.gone, getattr(aws.client(self.service), call), **{self.member: identifier})


class Named(Described):
    """A type whose id is its name, and that one call creates, with its tags."""

    create_call: ClassVar[str]

    def parameters(self, inputs: Properties) -> dict[str, Any]:
        """Return the parameters of the create call, but for name and tags."""
        raise NotImplementedError

    def create(self, aws: Aws, inputs: Properties) -> str:
        """As Resource.create."""
        name = str(inputs["name"])
        create = getattr(aws.client(self.service), self.create_call)
        tags = tag_list(aws.all_tags(inputs.get("tags")))
        parameters = {self.member: name, "Tags": tags, **self.parameters(inputs)}
        attempt(self.doing("creating", name), create, **parameters)
        return name


@dataclass(frozen=True)
class Update:
    """What an update is asked to do."""

    inputs: Properties
    state: Properties
    changed: frozenset[str]
    """The inputs that changed."""
    new_tags: Mapping[str, str]
    gone_tags: tuple[str, ...]
    timeout: float
    """Seconds that waiting may take."""


def retag(
    doing: str,
    update: Update,
    tag: Callable[..., Any],
    untag: Callable[..., Any],
    *,
    keys: str = "TagKeys",
    tags: str = "Tags",
    form: Callable[[Mapping[str, str]], Any] = tag_list,
    **resource: Any,
) -> None:
    """Bring changed tags in line: `untag` those that went, `tag` those that are there.

    `keys` and `tags` are the members of the two calls, `form` is how the service writes tags, and `resource`
    the members that name the resource.
    """
    if "tags" not in update.changed:
        return
    if update.gone_tags:
        attempt(doing, untag, **resource, **{keys: list(update.gone_tags)})
    if update.new_tags:
        attempt(doing, tag, **resource, **{tags: form(update.new_tags)})


def wait_until(aws: Aws, what: str, timeout: float, look: Callable[[], Answer | None]) -> Answer:
    """Call `look` until it returns something, and return that.

    Raises ProviderError after `timeout` seconds, or as soon as the operation is cancelled; the work goes
    on in AWS in both cases, and the message says so.
    """
    deadline = time.monotonic() + timeout
    pause = _FIRST_POLL_SECONDS
    while True:
        answer = look()
        if answer is not None:
            return answer
        if time.monotonic() > deadline:
            raise ProviderError(f"{what}: not done after {timeout:.0f} s; AWS still works on it")
        if aws.stopping.wait(pause):
            raise ProviderError(f"{what}: cancelled; AWS still works on it")
        pause = min(pause * 1.5, _LONGEST_POLL_SECONDS)
