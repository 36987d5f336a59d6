"""Images of others: whose credentials are asked for, and that crane finds what it is given of them."""

from pathlib import Path

import pytest

from release.adapters import foreign_images
from release.adapters.registry import crane, docker_config
from release.domain.errors import UsageError
from tests.release.scenes import serving
from tests.release.test_foreign import DIGEST

HUB = "index.docker.io"


@pytest.fixture(autouse=True)
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """This machine's Docker config, and a way out that ends at once: no registry is asked for real."""
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")


@pytest.mark.parametrize("registry", [HUB, "registry.example"])
def test_the_credentials_of_this_machine_are_handed_on(registry: str) -> None:
    crane(["auth", "login", registry, "-u", "ada", "-p", "secret"])
    with docker_config(foreign_images._login(registry)) as ours:
        assert crane(["auth", "get", registry], ours).strip() == '{"Username":"ada","Secret":"secret"}'


@pytest.mark.parametrize("repository", ["myorg/model", "python"])
def test_the_next_step_of_an_image_that_cannot_be_read_names_its_registry(repository: str) -> None:
    with pytest.raises(UsageError, match=r"cannot be read") as caught:
        foreign_images.find(f"{repository}@{DIGEST}", serving(None).registry)
    assert caught.value.next_step.endswith(f"crane auth login {HUB}")
