"""Run in the SDK's environment: the pipeline once by the local runner; last, as JSON, what it made.

python program.py PROJECT FOLDER
"""

import json
import sys
from pathlib import Path
from typing import Any

from kfp import dsl, local

from integrations.kubeflow.pipeline import pipeline

IMAGE = "registry.invalid/slipway-python@sha256:" + "a" * 64


def main(project: str, folder: str) -> int:
    """Run it; 1 where a component failed."""
    local.init(local.SubprocessRunner(use_venv=False), pipeline_root=folder)
    retraining: Any = pipeline(IMAGE, None)
    code = 0
    try:
        live = retraining(project=project, retry_seconds=1).outputs["Output"]
        assert isinstance(live, dsl.Model), type(live)
    except RuntimeError as error:
        print(error, file=sys.stderr)
        code = 1
    (ran,) = Path(folder).iterdir()
    print(json.dumps(made(retraining.pipeline_spec.components, ran)))
    return code


def made(components: Any, ran: Path) -> dict[str, dict[str, Any]]:
    """The artifacts of each component that ended well, by their names: type, URI and metadata."""
    found = {}
    for file in ran.glob("*/executor_output.json"):
        task = file.parent.name
        types = components[f"comp-{task}"].output_definitions.artifacts
        artifacts = json.loads(file.read_text()).get("artifacts", {})
        found[task] = {
            name: {
                "type": types[name].artifact_type.schema_title,
                "uri": one["uri"],
                "metadata": one["metadata"],
            }
            for name, kept in artifacts.items()
            for one in kept["artifacts"]
        }
    return found


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
