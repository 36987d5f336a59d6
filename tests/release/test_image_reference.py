"""How somebody else's image is named, and which registry it lies in."""

import pytest

from release.domain.errors import UsageError
from release.domain.image_reference import DOCKER_HUB, pinned, registry_of
from tests.release.test_foreign import DIGEST


def test_an_image_is_named_by_its_digest():
    assert pinned(f"registry:5000/team/churn@{DIGEST}") == ("registry:5000/team/churn", DIGEST)
    for tag in ("team/churn:latest", "team/churn", f"team/churn@{DIGEST[:-1]}"):
        with pytest.raises(UsageError) as caught:
            pinned(tag)
        assert f"crane digest {tag.partition('@')[0]}" in caught.value.next_step


@pytest.mark.parametrize(
    ("repository", "registry"),
    [
        ("python", DOCKER_HUB),
        ("myorg/model", DOCKER_HUB),
        ("docker.io/myorg/model", DOCKER_HUB),
        ("registry.example/team/model", "registry.example"),
        ("registry:5000/model", "registry:5000"),
        ("localhost/model", "localhost"),
    ],
)
def test_the_registry_is_the_one_that_docker_would_ask(repository: str, registry: str) -> None:
    assert registry_of(repository) == registry
