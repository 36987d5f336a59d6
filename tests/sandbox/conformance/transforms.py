"""Transform jobs to look at: models that answer line by line, files, and what became of them."""

from typing import Any

from tests.sandbox.world import World, wait_for

JOINS = "https://docs.aws.amazon.com/sagemaker/latest/dg/batch-transform-data-processing.html"
DATA = "data-of-the-jobs"
GROUP = "/aws/sagemaker/TransformJobs"
BUSY = ("InProgress", "Stopping")
CSV = "text/csv"


class Jobs:
    """A world with models that answer line by line, and files of every job's own."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.sagemaker = world.sagemaker
        world.s3.create_bucket(Bucket=DATA)
        self.lengths = world.model("1", BY_LINE="length")
        self.requests = world.model("1", BY_LINE="request")

    def put(self, **files: bytes | str) -> str:
        """Put files (`__` in a name stands for a dot) into a folder of their own; returns its URI."""
        folder = self.world.name("in")
        for name, content in files.items():
            body = content.encode() if isinstance(content, str) else content
            self.world.s3.put_object(Bucket=DATA, Key=f"{folder}/{name.replace('__', '.')}", Body=body)
        return f"s3://{DATA}/{folder}/"

    def asked(self, uri: str, **members: Any) -> dict[str, Any]:
        """A request for a job that reads lines of CSV; members are laid over it, into its parts as well."""
        name = self.world.name("job")
        request: dict[str, Any] = {
            "TransformJobName": name,
            "ModelName": self.lengths,
            "TransformInput": {
                "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": uri}},
                "SplitType": "Line",
                "ContentType": CSV,
            },
            "TransformOutput": {
                "S3OutputPath": f"s3://{DATA}/out/{name}",
                "AssembleWith": "Line",
                "Accept": CSV,
            },
            "TransformResources": {"InstanceType": "ml.m5.large", "InstanceCount": 1},
        }
        for member, value in members.items():
            found = request.get(member)
            request[member] = {**found, **value} if isinstance(found, dict) else value
        return request

    def start(self, uri: str, **members: Any) -> str:
        """Create a job; returns its name."""
        request = self.asked(uri, **members)
        self.sagemaker.create_transform_job(**request)
        return request["TransformJobName"]

    def ended(self, name: str) -> dict[str, Any]:
        """DescribeTransformJob once the job has ended."""
        return wait_for(
            lambda: (found := self.describe(name))["TransformJobStatus"] not in BUSY and found,
            f"{name} to end",
        )

    def describe(self, name: str) -> dict[str, Any]:
        """DescribeTransformJob's answer without the metadata."""
        answer = self.sagemaker.describe_transform_job(TransformJobName=name)
        answer.pop("ResponseMetadata")
        return answer

    def run(self, uri: str, **members: Any) -> dict[str, Any]:
        """Create a job and wait for its end."""
        return self.ended(self.start(uri, **members))

    def results(self, name: str) -> dict[str, str]:
        """What a job stored, by the names below its output."""
        prefix = f"out/{name}/"
        listed = self.world.s3.list_objects_v2(Bucket=DATA, Prefix=prefix).get("Contents", [])
        get = self.world.s3.get_object
        return {
            each["Key"].removeprefix(prefix): get(Bucket=DATA, Key=each["Key"])["Body"].read().decode()
            for each in listed
        }

    def stored(self, uri: str, **members: Any) -> dict[str, str]:
        """Run a job that has to complete; returns what it stored."""
        found = self.run(uri, **members)
        assert found["TransformJobStatus"] == "Completed", found.get("FailureReason")
        return self.results(found["TransformJobName"])

    def log(self, name: str, words: str) -> list[str]:
        """The lines of a job's data log, once one of them has these words."""
        return wait_for(lambda: self._with(self._lines(name), words), f"{words!r} in the log")

    def _with(self, lines: list[str], words: str) -> list[str]:
        return lines if any(words in line for line in lines) else []

    def _lines(self, name: str) -> list[str]:
        client = self.world.sandbox.client("logs")
        try:
            listed = client.describe_log_streams(logGroupName=GROUP, logStreamNamePrefix=f"{name}/")[
                "logStreams"
            ]
        except client.exceptions.ResourceNotFoundException:
            return []
        streams = [one["logStreamName"] for one in listed if one["logStreamName"].endswith("/data-log")]
        pages = [
            client.get_log_events(logGroupName=GROUP, logStreamName=s, startFromHead=True) for s in streams
        ]
        return [event["message"] for page in pages for event in page["events"]]
