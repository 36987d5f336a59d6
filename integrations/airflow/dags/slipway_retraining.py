"""The DAG `slipway_retraining`: each task of `release.domain.retraining_tasks` is one of Airflow's, in order.

A task runs its one command in the project's folder, as the worker's own role: no connection and no secret
is read here, and what the command says is the task's log. Where another try would say the same it fails for
good.

    SLIPWAY_PROJECT         the project's folder, a clone that the worker keeps (default: this checkout)
    SLIPWAY_SCHEDULE        when it runs, as Airflow says it: @monthly (default: when somebody starts it)
    SLIPWAY_RETRY_SECONDS   until the second try (default: five minutes); each further one waits longer
    PYTHONPATH              the checkout
"""

import os
import subprocess
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import yaml
from airflow.sdk import DAG, task
from airflow.sdk.exceptions import AirflowException, AirflowFailException

from release.domain.errors import UsageError
from release.domain.retraining_tasks import (
    BY_NAME,
    GRACE_SECONDS,
    PARAMETERS,
    RETRY_SECONDS,
    STAGES,
    TASKS,
    WORDS,
    Ending,
    commands,
)

ROOT = Path(__file__).resolve().parents[3]
PROJECT = Path(os.environ.get("SLIPWAY_PROJECT", ROOT))
DELAY = float(os.environ.get("SLIPWAY_RETRY_SECONDS", RETRY_SECONDS))


def run(name: str) -> None:
    """Run a task's command. Raises AirflowFailException where it is refused or held: no retry."""
    try:
        command = commands(_yaml(PARAMETERS), _yaml(STAGES))[name]
    except UsageError as error:
        raise AirflowFailException(str(error)) from error
    code = _ended(command)
    ending = BY_NAME[name].ending(code)
    if ending is Ending.DONE:
        return
    failed = AirflowException if ending is Ending.AGAIN else AirflowFailException
    raise failed(f"{' '.join(command)} ended with {code}. {WORDS[ending]}")


def _yaml(name: str) -> Any:
    return yaml.safe_load((PROJECT / name).read_text(encoding="utf-8"))


def _ended(command: Sequence[str]) -> int:
    """The command's exit code; what it says is the task's log.

    Where Airflow ends the task, by its timeout or by hand, the command gets to record where it stands.
    """
    process = subprocess.Popen(command, cwd=PROJECT)
    try:
        return process.wait()
    except BaseException:
        process.terminate()
        try:
            process.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
        raise


with DAG(
    "slipway_retraining",
    description="From data to a release that the second stage serves",
    schedule=os.environ.get("SLIPWAY_SCHEDULE"),
    catchup=False,
    max_active_runs=1,
    tags=["slipway"],
    doc_md=__doc__,
) as retraining:
    before = None
    for each in TASKS:
        made = task(
            task_id=each.name,
            retries=each.retries,
            retry_delay=timedelta(seconds=DELAY),
            retry_exponential_backoff=True,
            execution_timeout=timedelta(minutes=each.minutes),
            doc=each.does,
        )(run)(each.name)
        if before is not None:
            before >> made
        before = made
