"""The command line of the container: `serve`, and no other. Errors become three lines and an exit code."""

import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from model.serving.allocation import give_back_freed_memory
from model.serving.errors import StartError
from model.serving.fetching import SHA256, URI, Source, end_on_sigterm, fetch
from model.serving.settings import from_environment
from model.serving.workers import run

_USAGE = """usage: serve serve

Serves the model in SM_MODEL_DIR (default /opt/ml/model): GET /ping, POST /invocations.

environment:
  SM_MODEL_DIR                    folder of the unpacked model.tar.gz
  SAGEMAKER_BIND_TO_PORT          port (default 8080; 0 takes a free one)
  SLIPWAY_BIND_HOST               address (default 0.0.0.0)
  SAGEMAKER_MODEL_SERVER_WORKERS  processes (default one for each processor)
  SAGEMAKER_MAX_PAYLOAD_IN_MB     largest request (default 6)
  SLIPWAY_ROWS_WITHOUT_NAMES      accept (default) or refuse rows in the schema's order, without names
  SLIPWAY_TELEMETRY_SECONDS       seconds between a worker's telemetry lines on stdout (default 5)
  SLIPWAY_ENDPOINT                name for the metrics in these lines
  SLIPWAY_CAPTURE                 what to keep of requests and answers in S3, as JSON (default nothing)
  SLIPWAY_ARTIFACT                s3://BUCKET/KEY of a model.tar.gz to fetch into SM_MODEL_DIR first, and
  SLIPWAY_ARTIFACT_SHA256         what its bytes have to be; others are not unpacked
  SLIPWAY_VARIANT                 name of the variant for them, where a container has one variant only

example:
  SM_MODEL_DIR=./model SAGEMAKER_BIND_TO_PORT=9000 ./serve serve

exit codes:
  0  stopped, every request answered
  1  the model cannot be served, or requests were cut off
  2  usage or settings"""
_FORMAT = "%(asctime)s %(levelname)s [%(process)d] %(message)s"


def main(arguments: Sequence[str]) -> int:
    """Runs the server; returns the exit code."""
    if list(arguments) in (["--help"], ["-h"]):
        print(_USAGE)
        return 0
    if list(arguments) != ["serve"]:
        print(
            f"Expected the argument serve, given {' '.join(arguments) or 'none'}.\n{_USAGE}", file=sys.stderr
        )
        return 2
    give_back_freed_memory()
    logging.basicConfig(format=_FORMAT, level=logging.INFO, stream=sys.stderr)
    try:
        settings = from_environment(os.environ, len(os.sched_getaffinity(0)))
        if settings.artifact is not None:
            _fetch_and_start_anew(settings.artifact, settings.model_dir)
        return run(settings)
    except StartError as error:
        for line in (error.cause, error.consequence, error.next_step):
            logging.error("%s", line)
        return error.exit_code


def _fetch_and_start_anew(artifact: Source, folder: Path) -> NoReturn:
    """Fetch, then start this command once more without the order to: workers are forked from a process
    without threads, and the client of S3 has some. Raises ArtifactError."""
    end_on_sigterm(os._exit)
    logging.info("fetching %s", artifact.uri)
    fetch(artifact, folder)
    logging.info("fetched, SHA-256 %s", artifact.sha256)
    rest = {name: value for name, value in os.environ.items() if name not in (URI, SHA256)}
    os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], rest)  # noqa: S606 - itself
