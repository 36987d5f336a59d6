"""What the image says of itself: how it starts, as whom, and its labels. `model/Dockerfile` says the same.

It depends on what is in the image alone: no date, no commit, no machine.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from model.image.program import ENTRY_POINT, HOME
from model.image.sbom import LICENCE, TITLE

USER = "10001:10001"
PORT = 8080
COMMAND = "serve"
# by name: the first line of a script would need an `env`, which a base without a shell has not
ENTRYPOINT = ("python3", f"/{HOME / ENTRY_POINT}")
ENVIRONMENT = {
    # ONNX Runtime would report its use to its makers, from a thread of its own
    "ORT_DISABLE_TELEMETRY": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
}
SOURCE = "urn:slipway:model/serving"
"""Where the code is from, for who has not said at which URL the repository is."""
OCI = "org.opencontainers.image"
Runtime = Literal["process", "container"]


@dataclass(frozen=True)
class Origin:
    """What an image was made of: `base` is a reference by digest, `revision` Git's id of the code's tree."""

    revision: str
    python: str
    base: str | None = None
    source: str = SOURCE

    @property
    def runtime(self) -> Runtime:
        """What can run the image: "process" without a base, else "container"."""
        return "process" if self.base is None else "container"


@dataclass(frozen=True)
class Program:
    """What an image starts, as whom, and what it is called."""

    title: str
    entrypoint: tuple[str, ...]
    command: str
    user: str
    environment: Mapping[str, str]
    port: int | None = None


SERVER = Program(TITLE, ENTRYPOINT, COMMAND, USER, ENVIRONMENT, PORT)


def labels(origin: Origin, title: str = TITLE) -> dict[str, str]:
    """The image's own labels; those of its base stay beside them."""
    found = {
        "slipway.runtime": origin.runtime,
        "slipway.python": origin.python,
        # without it SageMaker does not tell the container its port where several share an instance
        "com.amazonaws.sagemaker.capabilities.accept-bind-to-port": "true",
        f"{OCI}.title": title,
        f"{OCI}.licenses": LICENCE,
        f"{OCI}.source": origin.source,
        f"{OCI}.revision": origin.revision,
    }
    if origin.base is not None:
        name, _, digest = origin.base.partition("@")
        found |= {f"{OCI}.base.name": name, f"{OCI}.base.digest": digest}
    return found


def crane_arguments(origin: Origin, platform: str, program: Program = SERVER) -> list[str]:
    """All of it as arguments of `crane mutate`."""
    arguments = ["--entrypoint", ",".join(program.entrypoint), "--cmd", program.command]
    arguments += ["--workdir", f"/{HOME}", "--user", program.user, "--set-platform", platform]
    arguments += ["--exposed-ports", f"{program.port}/tcp"] if program.port is not None else []
    for name, value in sorted(labels(origin, program.title).items()):
        arguments += ["--label", f"{name}={value}"]
    for name, value in sorted(program.environment.items()):
        arguments += ["--env", f"{name}={value}"]
    return arguments


def dockerfile_arguments(origin: Origin) -> dict[str, str]:
    """What `model/Dockerfile` has to be told, as its build arguments. The origin has a base."""
    name, _, digest = (origin.base or "").partition("@")
    return {
        "BASE_NAME": name,
        "BASE_DIGEST": digest,
        "PYTHON": origin.python,
        "REVISION": origin.revision,
        "SOURCE": origin.source,
    }
