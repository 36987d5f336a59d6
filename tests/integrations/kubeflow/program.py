"""Run in the SDK's environment: the pipeline once by the local runner; its artifacts as JSON, last.

python program.py PROJECT FOLDER
"""

import json
import sys

from kfp import local

from integrations.kubeflow.pipeline import pipeline

IMAGE = "registry.invalid/slipway-python@sha256:" + "a" * 64


def main(project: str, folder: str) -> int:
    """Run it; 1 where a task failed."""
    local.init(local.SubprocessRunner(use_venv=False), pipeline_root=folder)
    try:
        done = pipeline(IMAGE, None)(project=project, retry_seconds=1)
    except RuntimeError as error:
        print(error, file=sys.stderr)
        return 1
    live = done.outputs["Output"]
    print(json.dumps({"uri": live.uri, "metadata": live.metadata}))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
