"""A trainer in memory: what it trains is bytes that are made up, measured beside the champion it is given."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from release.domain.retrained import TrainingWindow
from release.domain.trainer import Look
from release.ports import Tell
from tests.fakes.trouble import Trouble

GOLDEN = b"{}"


@dataclass
class FakeTrainer:
    """Trains a model of `months`; every file that it leaves is a moment at which it may die."""

    trouble: Trouble
    months: str = "1-7"
    worse: bool = False
    service: str = "delays"
    live: Mapping[str, Any] = field(default_factory=lambda: {"months": "1-6"})
    """What the champion has learned from."""
    trained: list[str] = field(default_factory=list)
    """The months of each training that came to its end."""

    def look(self, champion: Path) -> Look:
        """The months; whose model it is compared with does not matter."""
        window = TrainingWindow(
            model="boosting",
            options={"months": self.months},
            data_version="flights-1",
            learns=f"months {self.months}",
        )
        return Look(window, {"months": self.months}, self.live)

    def train(self, window: TrainingWindow, champion: Path, out: Path, tell: Tell) -> None:
        """A model, its golden requests and at last its evidence."""
        self.trouble.moment("train")
        out.mkdir(parents=True, exist_ok=True)
        model = f"a model of months {window.options['months']}".encode()
        beside = hashlib.sha256(champion.read_bytes()).hexdigest()
        gate = {"name": "champion", "passed": not self.worse, "value": -0.06, "bound": -0.007}
        evidence = {
            "golden_sha256": hashlib.sha256(GOLDEN).hexdigest(),
            "model": {"sha256": hashlib.sha256(model).hexdigest(), "size": len(model)},
            "input_schema": {"service": self.service},
            "source": {"git_commit": "abc", "champion_sha256": beside},
            "evaluation": {"auc": 0.7},
            "gates": [{**gate, "reason": "the AUC gained over the champion"}],
        }
        files = {
            "model.tar.gz": model,
            "golden.json": GOLDEN,
            "evidence.json": json.dumps(evidence).encode(),
        }
        for name, content in files.items():
            (out / name).write_bytes(content)
            self.trouble.moment()
        self.trained.append(window.options["months"])
