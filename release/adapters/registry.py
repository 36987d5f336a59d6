"""A stage's ECR repository: what is in it, and bringing an image in by digest with crane.

The registry's address is what ECR itself answers, so the same code pushes to AWS and to a local registry.
Credentials live in a temporary Docker config that only crane reads.
"""

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import ClientError

from release.adapters.aws import StageAws, error_code
from release.domain import names
from release.domain.errors import ServiceError, UsageError

CRANE_TIMEOUT = 600


class Registry:
    """The image repository of one stage. Methods may raise boto3's errors."""

    def __init__(self, aws: StageAws) -> None:
        self._ecr = aws.client("ecr")
        self.repository = names.repository(aws.stage)

    def uri(self) -> str | None:
        """The repository's address for push and pull, None when the stage has none yet."""
        try:
            found = self._ecr.describe_repositories(repositoryNames=[self.repository])["repositories"]
        except ClientError as error:
            if error_code(error) == "RepositoryNotFoundException":
                return None
            raise
        return found[0]["repositoryUri"]

    def has(self, digest: str) -> bool:
        """Whether an image with this digest is in the repository, under a tag (one without would expire)."""
        try:
            answer = self._ecr.describe_images(
                repositoryName=self.repository, imageIds=[{"imageDigest": digest}]
            )
        except ClientError as error:
            if error_code(error) in {"ImageNotFoundException", "RepositoryNotFoundException"}:
                return False
            raise
        return any(image.get("imageTags") for image in answer["imageDetails"])

    def login(self) -> dict[str, Any]:
        """A Docker config's `auths` for this registry."""
        data = self._ecr.get_authorization_token()["authorizationData"][0]
        host = urlsplit(data["proxyEndpoint"]).netloc
        return {host: {"auth": data["authorizationToken"]}}

    def copy_from(self, source: str, source_login: dict[str, Any], digest: str, release: str) -> None:
        """Copy `source` (…@sha256:…) here under the release's immutable tag, and check the digest.

        Raises ServiceError when crane fails or something else arrived.
        """
        uri = self.uri()
        if uri is None:
            raise UsageError(f"There is no ECR repository {self.repository}.", "", "Run pulumi up first.")
        if self.has(digest):
            return
        target = f"{uri}:{names.release_tag(release)}"
        with docker_config({**source_login, **self.login()}) as config:
            crane(["copy", source, target], config)
            found = crane(["digest", target], config).strip()
        if found != digest:
            raise ServiceError(
                f"{target} has digest {found} after the copy; {digest} was sent.",
                "It is not what was proven, so no stage names it.",
                "Look at what else writes to that repository, then run this again.",
            )


@contextmanager
def docker_config(auths: dict[str, Any]) -> Generator[Path]:
    """A folder for DOCKER_CONFIG with these credentials, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="slipway-docker-") as folder:
        path = Path(folder) / "config.json"
        path.touch(mode=0o600)
        path.write_text(json.dumps({"auths": auths}))
        yield Path(folder)


def crane(arguments: Sequence[str], config: Path | None = None) -> str:
    """Run crane and return its output. Raises ServiceError with the end of what it said.

    Without `config` it goes by the Docker config of this machine.
    """
    binary = shutil.which("crane")
    if binary is None:
        raise UsageError("crane is not on PATH.", "No image can be copied.", "Run make setup.")
    env = os.environ | ({"DOCKER_CONFIG": str(config)} if config else {})
    try:
        done = subprocess.run(
            [binary, *arguments], env=env, capture_output=True, text=True, timeout=CRANE_TIMEOUT, check=False
        )
    except subprocess.TimeoutExpired:
        raise ServiceError(
            f"crane {arguments[0]} did not end within {CRANE_TIMEOUT} s.",
            "The image is not complete in its target; no stage names it.",
            "Check the network, then run the same command again.",
        ) from None
    if done.returncode:
        raise ServiceError(
            f"crane {' '.join(arguments)} failed: {done.stderr.strip()[-500:]}",
            "The image is not complete in its target; no stage names it.",
            "Correct what it names, then run the same command again.",
        )
    return done.stdout
