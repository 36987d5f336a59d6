"""A release of the example, live in the sandbox capturing all, answers the flights; that is read back."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from bench.monitoring.replay.days import Release
from bench.monitoring.replay.flights import Hour
from bench.users import User
from demo.project import make_project
from model import artifact
from monitoring.drift import reference
from monitoring.operations.quality import promised
from monitoring.storage.files import CHUNK, split
from release.adapters import objects
from release.connect import connect
from release.domain import names
from release.domain.errors import ServiceError
from release.ports import StagePorts
from sandbox.testing import SandboxHandle

STAGE, ENDPOINT, MODEL = "dev", "delays", "boosting"
CALLERS = 2
PATIENCE = 120.0
"""Seconds until everything that was captured has to be in S3."""


class Live:
    """One stage of a project folder whose endpoint captures all it is asked."""

    def __init__(self, folder: Path, sandbox: SandboxHandle) -> None:
        self.sandbox = sandbox
        self.project = make_project(folder / "project")
        self._user = User(self.project, sandbox.env, folder / "commands.log")

    def release(self) -> None:
        """Train the example's model and make it live."""
        _capture_all(self.project / f"Pulumi.{STAGE}.yaml")
        if not (self.project / MODEL / "evidence.json").exists():
            self._user.slipway("train", "--model", MODEL, "--out", MODEL)
        self._user.slipway("release", "--model", MODEL)

    @property
    def ports(self) -> StagePorts:
        """The stage, as commands see it."""
        return connect(lambda event: None, self.project).stage(STAGE)

    def looked_at(self) -> Release:
        """What monitoring goes by of the live release."""
        ports = self.ports
        live = ports.settings.endpoints[ENDPOINT].pins.live
        assert live is not None
        files = artifact.read(ports.artifacts.read_model(live.model))
        found = promised(ports.artifacts.manifest(live.release))
        return Release(live.release, found, reference.read(files[artifact.PROFILE]))

    def ask(self, flights: list[Hour]) -> None:
        """Send all requests. Raises boto3's errors when one is not answered."""
        runtime = self.sandbox.client("sagemaker-runtime")

        def ask(hour: Hour) -> None:
            runtime.invoke_endpoint(
                EndpointName=names.endpoint(ENDPOINT, STAGE),
                Body=hour.body(),
                ContentType="application/json",
                InferenceId=hour.name,
            )["Body"].read()

        with ThreadPoolExecutor(CALLERS) as callers:
            list(callers.map(ask, flights))

    def captured(self, bucket: str, wanted: int) -> list[bytes]:
        """The captured lines of these requests, when all are in S3. Raises ServiceError."""
        s3 = self.sandbox.client("s3")
        until = time.monotonic() + PATIENCE
        while True:
            lines = [line for line in _lines(s3, bucket) if b'"inferenceId": "2013-' in line]
            if len(lines) >= wanted:
                return lines
            if time.monotonic() > until:
                raise ServiceError(
                    f"Of {wanted} requests {len(lines)} were captured.",
                    "The replay would be of some of the flights only.",
                    "Run it again: make replay",
                )
            time.sleep(1)


def _lines(s3: Any, bucket: str) -> Iterator[bytes]:
    for item in objects.listed(s3, bucket, f"{names.CAPTURE}/"):
        chunks = objects.chunks(s3, bucket, item["Key"], CHUNK)
        found = (line for lines in split(chunks or iter(())) for line in lines)
        yield from (line for line in found if isinstance(line, bytes))


def _capture_all(file: Path) -> None:
    yaml = YAML()
    document = yaml.load(file.read_text(encoding="utf-8"))
    document["config"]["slipway:endpoints"][ENDPOINT]["capture"] = {"percent": 100}
    with file.open("w", encoding="utf-8") as out:
        yaml.dump(document, out)
