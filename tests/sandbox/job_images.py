"""A tiny image whose one program does as its hyperparameters say, and what a test asks of its jobs."""

import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.sandbox.images import push_programs
from tests.sandbox.world import BUCKET, World, wait_for

TRAIN = '''#!/usr/bin/python3.9
"""Writes what it saw of SageMaker's contract as its model, and ends as its hyperparameters say."""
import json, os, pathlib, signal, sys, time

ml = pathlib.Path("/opt/ml")
config = {file.stem: json.loads(file.read_text()) for file in (ml / "input/config").glob("*.json")}
asked = config["hyperparameters"]
checkpoints = pathlib.Path(asked.get("checkpoints", "/opt/ml/checkpoints"))

def files(folder):
    return {str(f.relative_to(folder)): f.read_text() for f in sorted(folder.rglob("*")) if f.is_file()}

def told(*_):
    (ml / "model/told.txt").write_text("SIGTERM")
    print("told to end", flush=True)
    if "stubborn" not in asked:
        sys.exit(0)

signal.signal(signal.SIGTERM, told)
seen = {"argv": sys.argv[1:], "config": config, "data": files(ml / "input/data"),
        "env": dict(os.environ), "checkpoints": files(checkpoints)}
print("loss=0.5; accuracy=0.25", flush=True)
print("loss=0.125; accuracy=none", flush=True)
epoch = int(seen["checkpoints"].get("epoch", "0")) + 1
(checkpoints / "epoch").write_text(str(epoch))
if "failure" in asked:
    (ml / "output/failure").write_text(asked["failure"] * int(asked.get("times", "1")))
if "nothing" not in asked:
    (ml / "model/seen.json").write_text(json.dumps(seen))
if "data" in asked:
    (ml / "output/data/more.txt").write_text(asked["data"])
if "x" in asked:
    print(f"score={asked['x']}", flush=True)
print("waiting" if "wait" in asked else "done", flush=True)
while "wait" in asked and epoch < int(asked["wait"]):
    time.sleep(0.05)
sys.stdout.write("the last words")
sys.exit(int(asked.get("exit", "0")))
'''

PROCESS = '''#!/usr/bin/python3.9
"""Writes what it saw of SageMaker's contract as its output, and ends as its arguments say."""
import json, os, pathlib, sys, time

ml = pathlib.Path("/opt/ml")
asked = dict(word.split("=", 1) for word in sys.argv[1:])
config = {file.stem: json.loads(file.read_text()) for file in (ml / "config").glob("*.json")}
data = {str(f.relative_to(ml)): f.read_text() for f in sorted((ml / "processing").rglob("*")) if f.is_file()}
seen = {"argv": sys.argv[1:], "config": config, "data": data, "env": dict(os.environ)}
out = pathlib.Path("/opt/ml/processing/output")
if out.is_dir():
    (out / "deep").mkdir()
    (out / "deep/seen.json").write_text(json.dumps(seen))
if "message" in asked:
    (ml / "output/message").write_bytes(asked["message"].encode(asked.get("code", "utf-8")))
print("waiting" if "wait" in asked else "done", flush=True)
while "wait" in asked:
    time.sleep(0.05)
sys.exit(int(asked.get("exit", "0")))
'''

METRICS = [
    {"Name": "loss", "Regex": "loss=([0-9.]+)"},
    {"Name": "accuracy", "Regex": "accuracy=([a-z0-9.]+)"},
    {"Name": "score", "Regex": "score=([0-9.e-]+)"},
]
TRAINING, PROCESSING = "/aws/sagemaker/TrainingJobs", "/aws/sagemaker/ProcessingJobs"
OVER = ("Completed", "Failed", "Stopped")


def statuses(job: dict[str, Any]) -> list[str]:
    """The secondary statuses that a job went through."""
    return [one["Status"] for one in job["SecondaryStatusTransitions"]]


class Jobs:
    """A world with the image in it, and data of two files."""

    def __init__(
        self, world: World, push: Callable[[str, Path, dict[str, str]], str] = push_programs
    ) -> None:
        self.world = world
        self.sagemaker = world.sagemaker
        repository = world.ecr.create_repository(repositoryName="jobs")["repository"]
        uri = repository["repositoryUri"]
        programs = {"/opt/program/train": TRAIN, "/opt/program/process": PROCESS}
        self.image = f"{uri}@{push(uri, world.folder, programs)}"
        for name in ("a.csv", "deep/b.csv"):
            world.s3.put_object(Bucket=BUCKET, Key=f"data/train/{name}", Body=f"rows of {name}".encode())

    def channel(self, name: str = "train", uri: str = "data/train/", **members: Any) -> dict[str, Any]:
        """An S3Prefix channel of the bucket."""
        source = {"S3DataType": "S3Prefix", "S3Uri": f"s3://{BUCKET}/{uri}", **members}
        return {"ChannelName": name, "DataSource": {"S3DataSource": source}}

    def request(self, name: str = "", **members: Any) -> dict[str, Any]:
        """CreateTrainingJob's request, with other `members`; without a name it has one of its own."""
        return {
            "TrainingJobName": name or self.world.name("job"),
            "RoleArn": self.world.role,
            "AlgorithmSpecification": {
                "TrainingImage": self.image,
                "TrainingInputMode": "File",
                "MetricDefinitions": METRICS,
            },
            "OutputDataConfig": {"S3OutputPath": f"s3://{BUCKET}/out"},
            "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
            "StoppingCondition": {"MaxRuntimeInSeconds": 60},
            **members,
        }

    def start(self, hyperparameters: dict[str, str] | None = None, **members: Any) -> str:
        """Create a training job; returns its name."""
        request = self.request(HyperParameters=hyperparameters or {}, **members)
        self.sagemaker.create_training_job(**request)
        return request["TrainingJobName"]

    def start_processing(self, *words: str, **members: Any) -> str:
        """Create a processing job whose program gets these arguments; returns its name."""
        name = self.world.name("processing")
        application = {"ImageUri": self.image, "ContainerEntrypoint": ["python3", "/opt/program/process"]}
        cluster = {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1}
        self.sagemaker.create_processing_job(
            **{
                "ProcessingJobName": name,
                "RoleArn": self.world.role,
                "AppSpecification": application | ({"ContainerArguments": list(words)} if words else {}),
                "ProcessingResources": {"ClusterConfig": cluster},
                **members,
            }
        )
        return name

    def processed(self, name: str) -> dict[str, Any]:
        """DescribeProcessingJob once the job is over."""
        return wait_for(
            lambda: (
                (d := self.sagemaker.describe_processing_job(ProcessingJobName=name))["ProcessingJobStatus"]
                in OVER
                and d
            ),
            f"{name} to end",
        )

    def tuning(self, ranges: dict[str, Any], static: dict[str, str], **config: Any) -> dict[str, Any]:
        """CreateHyperParameterTuningJob's request, for the highest score, with more of its config."""
        objective = {"Type": "Maximize", "MetricName": "score"}
        request = self.request("unnamed")
        del request["TrainingJobName"]
        return {
            "HyperParameterTuningJobName": self.world.name("tuning"),
            "HyperParameterTuningJobConfig": {
                "Strategy": "Random",
                "HyperParameterTuningJobObjective": objective,
                "ResourceLimits": {"MaxNumberOfTrainingJobs": 3, "MaxParallelTrainingJobs": 2},
                "ParameterRanges": ranges,
                **config,
            },
            "TrainingJobDefinition": {**request, "StaticHyperParameters": static},
        }

    def start_tuning(
        self, ranges: dict[str, Any], static: dict[str, str] | None = None, **config: Any
    ) -> str:
        """Create a tuning job; returns its name."""
        request = self.tuning(ranges, static or {}, **config)
        self.sagemaker.create_hyper_parameter_tuning_job(**request)
        return request["HyperParameterTuningJobName"]

    def describe_tuning(self, name: str) -> dict[str, Any]:
        """DescribeHyperParameterTuningJob."""
        return self.sagemaker.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)

    def tuned(self, name: str) -> dict[str, Any]:
        """DescribeHyperParameterTuningJob once the job is over."""
        return wait_for(
            lambda: (d := self.describe_tuning(name))["HyperParameterTuningJobStatus"] in OVER and d,
            f"{name} to end",
        )

    def trials(self, name: str, **members: Any) -> list[dict[str, Any]]:
        """The training jobs of a tuning job."""
        return self.sagemaker.list_training_jobs_for_hyper_parameter_tuning_job(
            HyperParameterTuningJobName=name, **members
        )["TrainingJobSummaries"]

    def describe(self, name: str) -> dict[str, Any]:
        """DescribeTrainingJob."""
        return self.sagemaker.describe_training_job(TrainingJobName=name)

    def over(self, name: str) -> dict[str, Any]:
        """DescribeTrainingJob once the job is over."""
        return wait_for(
            lambda: (d := self.describe(name))["TrainingJobStatus"] in OVER and d, f"{name} to end"
        )

    def said(self, name: str, words: str, group: str = TRAINING) -> None:
        """Wait until a job has printed something."""
        wait_for(lambda: any(words in line for line in self.lines(name, group)), f"{name} to print {words}")

    def lines(self, name: str, group: str = TRAINING) -> list[str]:
        """All that a job printed."""
        logs = self.world.sandbox.client("logs")
        try:
            found = logs.filter_log_events(logGroupName=group, logStreamNamePrefix=f"{name}/")
        except logs.exceptions.ResourceNotFoundException:
            return []
        return [event["message"] for event in found["events"]]

    def artifact(self, uri: str) -> dict[str, str]:
        """The files in a tar.gz of S3."""
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        body = self.world.s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        with tarfile.open(fileobj=io.BytesIO(body), mode="r:gz") as archive:
            files = [member for member in archive if member.isfile()]
            return {member.name: archive.extractfile(member).read().decode() for member in files}  # ty: ignore

    def model(self, job: dict[str, Any]) -> dict[str, str]:
        """The files of the model that a training job left."""
        return self.artifact(job["ModelArtifacts"]["S3ModelArtifacts"])

    def seen(self, job: dict[str, Any]) -> dict[str, Any]:
        """What a training job's program saw."""
        return json.loads(self.model(job)["seen.json"])

    def keys(self, prefix: str) -> list[str]:
        """The keys of the bucket below a prefix."""
        found = self.world.s3.list_objects_v2(Bucket=BUCKET, Prefix=prefix)
        return [entry["Key"] for entry in found.get("Contents", [])]
