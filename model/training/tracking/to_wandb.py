"""A run in Weights & Biases: configuration, measures, drawings, and the model as an artifact.

Without WANDB_API_KEY, and wherever WANDB_MODE says so, it works offline: the run lies below the build folder,
and `wandb sync` sends it later. A run that is sent twice is one run, because it has an id of its own.
"""

import os
import tempfile
from pathlib import Path
from typing import Any

from model.training.tracking.run import DRAWING, Run, Sent
from model.training.tracking.trackers import NotTakenError

VERSION = "0.31.0"
_LONGEST = 400


class Wandb:
    """Weights & Biases, as the environment says (WANDB_MODE, WANDB_API_KEY, WANDB_BASE_URL, WANDB_ENTITY)."""

    def __init__(self, build: Path) -> None:
        self._build = build.resolve()

    @property
    def where(self) -> str:
        """Its server, or the folder of what is offline."""
        server = os.environ.get("WANDB_BASE_URL", "https://api.wandb.ai")
        return server if self._mode == "online" else f"{self._build / 'wandb'}"

    def send(self, run: Run) -> Sent:
        """Log `run`, its drawings and its model, tied to the service's project. Raises NotTakenError."""
        os.environ.setdefault("WANDB_ERROR_REPORTING", "false")
        os.environ.setdefault("WANDB_SILENT", "true")
        try:
            import wandb
        except ImportError:
            raise NotTakenError(f"the package is not installed (pip install wandb=={VERSION})") from None
        try:
            self._build.mkdir(parents=True, exist_ok=True)
            # Not as a context: that would mark a run as failed for an error of Weights & Biases itself.
            active = wandb.init(
                project=run.service,
                id=run.id,
                name=run.id,
                dir=str(self._build),
                mode=self._mode,
                resume="allow",
                config={**run.parameters, "data_version": run.data_version, "sha256": run.sha256, **run.tags},
                tags=["passed" if run.passed else "refused"],
                settings=wandb.Settings(console="off", x_disable_stats=True, init_timeout=30),
            )
            _log(wandb, active, run)
            active.finish(exit_code=0)
            # Its writer is a process of its own, which may not be done when `finish` returns.
            wandb.teardown()
        except Exception as error:  # its own errors, its service's and the file system's
            why = f"{type(error).__name__}: {(str(error).splitlines() or [''])[0]}"
            raise NotTakenError(why[:_LONGEST]) from error
        return Sent(run.id)

    @property
    def _mode(self) -> Any:
        return os.environ.get("WANDB_MODE") or ("online" if os.environ.get("WANDB_API_KEY") else "offline")


def _log(wandb: Any, active: Any, run: Run) -> None:
    active.log(dict(run.metrics))
    for trial in run.trials:
        active.log({"trial": trial["number"] + 1, "trial_validation": trial["value"]})
    with tempfile.TemporaryDirectory() as folder:
        for name, content in run.files.items():
            (Path(folder) / name).write_bytes(content)
        drawings = [name for name in run.files if name.endswith(DRAWING)]
        active.log({name.partition(".")[0]: wandb.Image(str(Path(folder) / name)) for name in drawings})
        model = wandb.Artifact(run.service, type="model", metadata={"sha256": run.sha256})
        for name in run.files:
            if name not in drawings:
                model.add_file(str(Path(folder) / name), name=name)
        active.log_artifact(model, aliases=["candidate"] if run.passed else [])
