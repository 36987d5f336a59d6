"""The command line of the container: `serve` and `fetch`. Errors become three lines and an exit code."""

import logging
import os
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NoReturn

from model.serving.allocation import give_back_freed_memory
from model.serving.errors import SettingsError, StartError
from model.serving.fetching import SHA256, URI, Source, end_on_sigterm, fetch
from model.serving.settings import Settings, from_environment
from model.serving.workers import run

SERVE, FETCH = "serve", "fetch"
_STOPPED_BY_SIGTERM = 143
_USAGE = """usage: serve serve
       serve fetch

serve  answers with the model in SM_MODEL_DIR (default /opt/ml/model): GET /ping, POST /invocations
fetch  has SLIPWAY_ARTIFACT there, compared with its SHA-256 and unpacked, and ends: for an init container

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
  SLIPWAY_ARTIFACT_SHA256         what its bytes have to be; others are not unpacked. What an earlier
                                  fetch left there is deleted
  SLIPWAY_VARIANT                 name of the variant for them, where a container has one variant only

example:
  SM_MODEL_DIR=./model SAGEMAKER_BIND_TO_PORT=9000 ./serve serve

exit codes:
  0    stopped, every request answered; the artifact is there
  1    the model cannot be served, or requests were cut off
  2    usage or settings
  143  stopped before the artifact was there"""
_FORMAT = "%(asctime)s %(levelname)s [%(process)d] %(message)s"


def main(arguments: Sequence[str]) -> int:
    """Serves or fetches; returns the exit code."""
    if list(arguments) in (["--help"], ["-h"]):
        print(_USAGE)
        return 0
    if list(arguments) not in ([SERVE], [FETCH]):
        print(
            f"Expected the argument {SERVE} or {FETCH}, given {' '.join(arguments) or 'none'}.\n{_USAGE}",
            file=sys.stderr,
        )
        return 2
    logging.basicConfig(format=_FORMAT, level=logging.INFO, stream=sys.stderr)
    try:
        settings = from_environment(os.environ, len(os.sched_getaffinity(0)))
        return _fetch_alone(settings) if arguments[0] == FETCH else _serve(settings)
    except StartError as error:
        for line in (error.cause, error.consequence, error.next_step):
            logging.error("%s", line)
        return error.exit_code


def _serve(settings: Settings) -> int:
    give_back_freed_memory()
    if settings.artifact is not None:
        _fetch_and_start_anew(settings.artifact, settings.model_dir)
    return run(settings)


def _fetch_alone(settings: Settings) -> int:
    """Fetch, for whoever serves afterwards. A fetch that was stopped is none: it must not end with 0."""
    if settings.artifact is None:
        raise SettingsError(
            f"Neither {URI} nor {SHA256} is set.",
            "There is nothing to fetch, and nothing was changed.",
            f"Set both, or start {SERVE} where the model is in SM_MODEL_DIR.",
        )
    end_on_sigterm(_STOPPED_BY_SIGTERM)
    _fetch(settings.artifact, settings.model_dir)
    return 0


def _fetch_and_start_anew(artifact: Source, folder: Path) -> NoReturn:
    """Fetch, then start this command once more without the order to: workers are forked from a process
    without threads, and the client of S3 has some. Raises ArtifactError."""
    end_on_sigterm(0)
    _fetch(artifact, folder)
    rest = {name: value for name, value in os.environ.items() if name not in (URI, SHA256)}
    os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], rest)  # noqa: S606 - itself


def _fetch(artifact: Source, folder: Path) -> None:
    """In a thread: the main one hears SIGTERM between two lines of Python, and S3's client waits in Rust."""
    logging.info("fetching %s", artifact.uri)
    with ThreadPoolExecutor(1) as pool:
        pool.submit(fetch, artifact, folder).result()
    logging.info("fetched into %s, SHA-256 %s", folder, artifact.sha256)
