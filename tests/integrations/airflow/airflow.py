"""Airflow itself, in a home of its own: runs the DAG once, and says how each task ended."""

import os
import sqlite3
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import ROOT

PROGRAM = ROOT / ".tools" / "airflow" / "bin" / "airflow"
DAG = "slipway_retraining"
Tasks = dict[str, tuple[str | None, int]]
"""How tasks ended, by their names, and with which try."""
needed = pytest.mark.skipif(not PROGRAM.is_file(), reason="Airflow is not here: make airflow-tools")


@dataclass(frozen=True)
class Airflow:
    """One home, with its database; tasks run in `project`."""

    home: Path
    project: Path
    env: dict[str, str]
    """What a worker has besides: its role, and where AWS is."""
    dags: Path = ROOT / "integrations" / "airflow" / "dags"
    patience: float = 1800.0
    """Seconds that a run gets: a training and two rollouts, beside whatever else the machine does."""

    def migrate(self) -> "Airflow":
        """Make its database."""
        subprocess.run([PROGRAM, "db", "migrate"], env=self._env, check=True, capture_output=True)
        return self

    def start(self) -> subprocess.Popen[str]:
        """Begin a run, in a process group of its own; all that is said is in its stdout."""
        return subprocess.Popen(
            [str(PROGRAM), "dags", "test", DAG],
            env=self._env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def run(self) -> str:
        """One run to its end; what was said."""
        said, _ = self.start().communicate(timeout=self.patience)
        return said

    @staticmethod
    def seen(process: subprocess.Popen[str], until: str) -> list[str]:
        """What is said up to the first line that holds `until`; the test fails where none does."""
        lines = []
        assert process.stdout is not None
        for line in process.stdout:
            lines.append(line)
            if until in line:
                return lines
        raise AssertionError("".join(lines))

    def tasks(self) -> Tasks:
        """How each task of the newest run ended, and with which try."""
        newest = "(select run_id from dag_run order by id desc limit 1)"
        with sqlite3.connect(self.home / "airflow.db") as database:
            rows = database.execute(
                f"select task_id, state, try_number from task_instance where run_id = {newest}"  # noqa: S608
            ).fetchall()
        return {name: (state, tries) for name, state, tries in rows}

    @property
    def _env(self) -> dict[str, str]:
        return (
            os.environ
            | self.env
            | {
                "AIRFLOW_HOME": str(self.home),
                "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
                "AIRFLOW__CORE__DAGS_FOLDER": str(self.dags),
                "PYTHONPATH": str(ROOT),
                "SLIPWAY_PROJECT": str(self.project),
                "SLIPWAY_RETRY_SECONDS": "1",
            }
        )
