"""The actions that start a job or a machine of a kind that the sandbox does not run.

moto answers them and says at once Completed, Succeeded or InService of what never ran: whoever waits for such
a job gets a result that is not there. Until something runs, each is NotImplemented. What is asked of these
jobs (Describe, List, Stop) is moto's, and finds none.
"""

from collections.abc import Callable
from typing import Any

from moto.sagemaker.responses import SageMakerResponse

from sandbox.aws.shared.moto_actions import replace

STARTING = {
    "create_transform_job": "CreateTransformJob",
    "create_auto_ml_job_v2": "CreateAutoMLJobV2",
    "create_compilation_job": "CreateCompilationJob",
    "start_pipeline_execution": "StartPipelineExecution",
    "create_notebook_instance": "CreateNotebookInstance",
    "start_notebook_instance": "StartNotebookInstance",
    "create_cluster": "CreateCluster",
}
"""What starts something that would run, by moto's name of the action. moto lacks the rest of their kind."""


def install() -> None:
    """Let each of the actions say that nothing would run."""
    for name, action in STARTING.items():
        replace(SageMakerResponse, name, _nothing_runs(action))


def _nothing_runs(action: str) -> Callable[[Any], Any]:
    def refuse(_: Any) -> Any:
        raise NotImplementedError(
            f"sagemaker {action}: nothing runs it here, and what did not run is never said to have run"
        )

    return refuse
