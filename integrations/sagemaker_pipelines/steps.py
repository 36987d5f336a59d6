"""The steps of a retraining, in the words of a pipeline's definition. Pure.

    CheckData → Train → Prove → Gates: 0 failed? → Register, which waits for its approval
                                                 → Refused

The jobs are those of `./slipway train --on sagemaker`: its image, role, bucket, key and limits, and two
processing jobs of the same image around it, within what SageMaker lets such a job be. A job's name in a
definition is what its name begins with. A step with the same arguments is not done again, so outputs lie by
what made them and no argument has an execution in it.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from release.domain import names, regions, s3_uri
from release.domain.errors import UsageError
from release.domain.exported import Exported, ExportedEndpoint
from release.domain.pipeline_parameters import ASKED, CHAMPION, CHECKPOINTS, DATA, IMAGE, SHA256
from release.domain.stage import TrainingSettings

Value = Mapping[str, Any]
CHECK, TRAIN, PROVE, DECIDE, REGISTER, REFUSED = (
    "CheckData",
    "Train",
    "Prove",
    "Gates",
    "Register",
    "Refused",
)
CACHED: Value = {"Enabled": True, "ExpireAfter": "P30D"}
FOLDER = "/opt/ml/processing"
FILE, PROPERTY = "gates.json", "Gates"
LONGEST_PROCESSING = 777_600
"""Seconds: nine days (ProcessingStoppingCondition in SageMaker's API reference)."""
TRAINS_ONLY = re.compile(
    r"ml\.(c5n|p3dn|p4d|p4de|p5e|p5en|p6-\w+|p6e-\w+|trn1|trn1n|trn2)\.\w+|ml\.p5\.48xlarge"
)
"""Types of instances on which SageMaker trains and does not process (ProcessingClusterConfig there)."""
_ENTRY = ("python3", "/opt/program/train")
_CONTENT = ("application/json", "text/csv")


def get(name: str) -> Value:
    """A value that is known when an execution runs."""
    return {"Get": name}


def parameter(name: str) -> Value:
    """What a parameter of the execution says."""
    return get(f"Parameters.{name}")


def join(*values: Any, on: str = "/") -> Value:
    """A text of several values, with `on` between them."""
    return {"Std:Join": {"On": on, "Values": list(values)}}


@dataclass(frozen=True)
class Retraining:
    """What one endpoint's retraining runs with: the stage's settings and the live release's pin."""

    exported: Exported
    endpoint: ExportedEndpoint
    training: TrainingSettings

    @property
    def group(self) -> str:
        """Of its own: a release's version, which a stage may ask for, is made when it is released."""
        return names.retrained_group(self.endpoint.served_as)

    @property
    def pipeline(self) -> str:
        """What the pipeline is called."""
        return names.retraining_pipeline(self.endpoint.served_as)

    @property
    def pipeline_role(self) -> str | None:
        """The role of its executions, by ARN; None where the stage declares none."""
        if not self.training.pipelines:
            return None
        return self._arn_of(names.pipeline_role(self.exported.stage, self.exported.region))

    @property
    def jobs(self) -> str:
        """What the names of its jobs begin with: by that the stage's roles know them."""
        return names.pipeline_jobs(self.endpoint.name, self.exported.stage)

    def steps(self) -> list[Value]:
        """All steps, in order; what comes after the gates is within them."""
        return [self._check(), self._train(), self._prove(), self._decide()]

    def _check(self) -> Value:
        words = ["check-data", parameter(ASKED), parameter(SHA256)]
        return self._processing(CHECK, words, {"data": parameter(DATA)}, ())

    def _train(self) -> Value:
        training = self.training
        arguments = {
            "TrainingJobName": self.jobs,
            "RoleArn": self._role,
            "AlgorithmSpecification": {"TrainingImage": parameter(IMAGE), "TrainingInputMode": "File"},
            "HyperParameters": {"slipway.asked": parameter(ASKED), "slipway.sha256": parameter(SHA256)},
            "InputDataConfig": [_channel("data", DATA), _channel("champion", CHAMPION)],
            "OutputDataConfig": {"S3OutputPath": self._place, "KmsKeyId": self._key},
            "ResourceConfig": {
                "InstanceType": training.instance,
                "InstanceCount": 1,
                "VolumeSizeInGB": training.volume_gb,
            },
            "StoppingCondition": {"MaxRuntimeInSeconds": training.minutes * 60},
            "EnableManagedSpotTraining": False,
            "EnableNetworkIsolation": True,
            "CheckpointConfig": {"S3Uri": parameter(CHECKPOINTS)},
            "Tags": self._tags,
        }
        return {
            "Name": TRAIN,
            "Type": "Training",
            "Arguments": arguments,
            "DependsOn": [CHECK],
            "CacheConfig": CACHED,
        }

    def _prove(self) -> Value:
        trained = join(self._place, _trained(), "output", "output.tar.gz")
        outputs = [{"OutputName": "proven", "S3Output": {"S3Uri": self._proven(), **_PROVEN}}]
        step = self._processing(PROVE, ["prove"], {"trained": trained}, outputs)
        files = [{"PropertyFileName": PROPERTY, "OutputName": "proven", "FilePath": FILE}]
        return {**step, "PropertyFiles": files}

    def _decide(self) -> Value:
        condition = {"Type": "LessThanOrEqualTo", "LeftValue": _gates("failed"), "RightValue": 0}
        message = join("The gates refuse the model of the training job", _trained(), on=" ")
        refused = {"Name": REFUSED, "Type": "Fail", "Arguments": {"ErrorMessage": message}}
        arguments = {
            "Conditions": [condition],
            "IfSteps": [self._register()],
            "ElseSteps": [refused],
        }
        return {"Name": DECIDE, "Type": "Condition", "Arguments": arguments}

    def _register(self) -> Value:
        pin = self.endpoint.live.pin
        container = {"Image": pin.image, "ModelDataUrl": join(self._proven(), "model.tar.gz")}
        arguments = {
            "ModelPackageGroupName": self.group,
            "ModelPackageDescription": f"Retrained beside {pin.release}",
            "ModelApprovalStatus": "PendingManualApproval",
            "InferenceSpecification": {
                "Containers": [container],
                "SupportedContentTypes": list(_CONTENT),
                "SupportedResponseMIMETypes": list(_CONTENT),
            },
            "CustomerMetadataProperties": {
                "slipway.training_job": _trained(),
                "slipway.sha256": _gates("sha256"),
                "slipway.champion": pin.release,
            },
        }
        return {"Name": REGISTER, "Type": "RegisterModel", "Arguments": arguments}

    def _processing(
        self, name: str, words: Sequence[Any], inputs: Mapping[str, Value], outputs: Sequence[Value]
    ) -> Value:
        arguments = {
            "ProcessingJobName": self.jobs,
            "RoleArn": self._role,
            "AppSpecification": {
                "ImageUri": parameter(IMAGE),
                "ContainerEntrypoint": list(_ENTRY),
                "ContainerArguments": list(words),
            },
            "ProcessingInputs": [_input(channel, uri) for channel, uri in inputs.items()],
            "ProcessingResources": {
                "ClusterConfig": {
                    "InstanceType": self._processes_on,
                    "InstanceCount": 1,
                    "VolumeSizeInGB": self.training.volume_gb,
                }
            },
            "StoppingCondition": {"MaxRuntimeInSeconds": min(self.training.minutes * 60, LONGEST_PROCESSING)},
            "NetworkConfig": {"EnableNetworkIsolation": True},
            "Tags": self._tags,
        }
        if outputs:
            arguments["ProcessingOutputConfig"] = {"Outputs": list(outputs), "KmsKeyId": self._key}
        return {"Name": name, "Type": "Processing", "Arguments": arguments, "CacheConfig": CACHED}

    @property
    def _processes_on(self) -> str:
        """The machine that checks and proves. Raises UsageError for one on which SageMaker only trains."""
        own = self.training.processing_instance
        machine = own or self.training.instance
        if TRAINS_ONLY.fullmatch(machine):
            key = f"slipway:training.{'processing_instance' if own else 'instance'}"
            raise UsageError(
                f"SageMaker trains on {machine}, which {key} of {self.exported.stage} says, and runs no "
                "processing job on it, as CheckData and Prove of a pipeline are.",
                "Nothing was exported.",
                "Set `slipway:training: {processing_instance: ml.m5.4xlarge}`, or another type with memory "
                "for the rows, or export another format.",
            )
        return machine

    def _proven(self) -> Value:
        return join(self._place, "proven", _trained())

    @property
    def _place(self) -> str:
        return f"s3://{s3_uri.parts(self.endpoint.live.pin.model)[0]}/{names.TRAINING}"

    @property
    def _role(self) -> str:
        return self._arn_of(names.training_role(self.exported.stage, self.exported.region))

    def _arn_of(self, role: str) -> str:
        return f"arn:{self._partition}:iam::{self.exported.account}:role/{role}"

    @property
    def _key(self) -> str:
        here = f"{self.exported.region}:{self.exported.account}"
        return f"arn:{self._partition}:kms:{here}:{names.key_alias(self.exported.stage)}"

    @property
    def _partition(self) -> str:
        return regions.partition(self.exported.region) or "aws"

    @property
    def _tags(self) -> list[Value]:
        said = {"project": names.PROJECT, "stage": self.exported.stage}
        return [{"Key": key, "Value": value} for key, value in said.items()]


_PROVEN = {"LocalPath": f"{FOLDER}/proven", "S3UploadMode": "EndOfJob"}


def _trained() -> Value:
    return get(f"Steps.{TRAIN}.TrainingJobName")


def _gates(path: str) -> Value:
    file = get(f"Steps.{PROVE}.PropertyFiles.{PROPERTY}")
    return {"Std:JsonGet": {"PropertyFile": file, "Path": path}}


def _channel(name: str, uri: str) -> Value:
    source = {
        "S3DataType": "S3Prefix",
        "S3Uri": parameter(uri),
        "S3DataDistributionType": "FullyReplicated",
    }
    return {"ChannelName": name, "DataSource": {"S3DataSource": source}, "InputMode": "File"}


def _input(name: str, uri: Value) -> Value:
    source = {
        "S3Uri": uri,
        "LocalPath": f"{FOLDER}/{name}",
        "S3DataType": "S3Prefix",
        "S3InputMode": "File",
        "S3DataDistributionType": "FullyReplicated",
        "S3CompressionType": "None",
    }
    return {"InputName": name, "S3Input": source}
