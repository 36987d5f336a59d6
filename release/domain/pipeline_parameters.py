"""What an execution of a retraining pipeline is given, beside what its definition says. Pure."""

from collections.abc import Mapping, Sequence

from release.domain.errors import UsageError
from release.domain.training import Request

IMAGE, DATA, SHA256 = "TrainingImage", "Data", "DataSha256"
ASKED, CHAMPION, CHECKPOINTS = "Asked", "Champion", "Checkpoints"
ALL = (IMAGE, DATA, SHA256, ASKED, CHAMPION, CHECKPOINTS)
_CHANNELS = {"data": DATA, "champion": CHAMPION}


def values(request: Request, asked: str, sha256: str) -> Sequence[Mapping[str, str]]:
    """A training job's request as `aws sagemaker start-pipeline-execution --pipeline-parameters` takes it.

    `asked` is all that it is asked for but the SHA-256 of its data, as one text. Without a champion the
    definition's, the live model, is meant. Raises UsageError for a training with more than that.
    """
    channels = {one["channel_name"]: one for one in request["input_data_config"]}
    if more := sorted(channels.keys() - _CHANNELS.keys()):
        raise UsageError(
            f"A pipeline's training has the channels {' and '.join(_CHANNELS)}, and no {', '.join(more)}.",
            "No parameters were written.",
            "Leave --with out, or train without a pipeline: ./slipway train --on sagemaker",
        )
    if request["enable_managed_spot_training"]:
        raise UsageError(
            "Whether a pipeline trains on spot instances is in its definition, and that says no.",
            "No parameters were written.",
            "Leave --spot out.",
        )
    found = {
        IMAGE: request["algorithm_specification"]["training_image"],
        SHA256: sha256,
        ASKED: asked,
        CHECKPOINTS: request["checkpoint_config"]["s3_uri"],
    }
    found |= {
        _CHANNELS[name]: one["data_source"]["s3_data_source"]["s3_uri"] for name, one in channels.items()
    }
    return [{"Name": name, "Value": found[name]} for name in ALL if name in found]
