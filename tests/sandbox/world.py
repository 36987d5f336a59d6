"""What a sandbox test starts from: a repository with tiny images, a bucket with models, a role."""

import itertools
import json
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sandbox.testing import SandboxHandle
from tests.sandbox.images import endpoints_policy, model_archive, push_image, trust_policy

BUCKET = "models-of-the-world"
WAIT_LIMIT = 40.0


class World:
    """One sandbox with everything that CreateModel needs; names are unique for each call."""

    def __init__(
        self, sandbox: SandboxHandle, folder: Path, push: Callable[[str, Path], str] = push_image
    ) -> None:
        self.sandbox = sandbox
        self.folder = folder
        self.sagemaker = sandbox.client("sagemaker")
        self.runtime = sandbox.client("sagemaker-runtime")
        self.ecr = sandbox.client("ecr")
        self.s3 = sandbox.client("s3")
        self._numbers = itertools.count(1)
        repository = self.ecr.create_repository(repositoryName="tiny", imageTagMutability="IMMUTABLE")
        self.uri: str = repository["repository"]["repositoryUri"]
        self.digest = push(self.uri, folder)
        self.s3.create_bucket(Bucket=BUCKET)
        self.role = self.new_role("runs")

    def name(self, kind: str) -> str:
        """A name that no test used before."""
        return f"{kind}-{next(self._numbers)}"

    def new_role(self, name: str = "", without: str = "") -> str:
        """A role that SageMaker may assume and that may do all but one action; returns its ARN."""
        iam, name = self.sandbox.client("iam"), name or self.name("role")
        role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust_policy())
        document = endpoints_policy(without)
        iam.put_role_policy(RoleName=name, PolicyName="endpoints", PolicyDocument=document)
        return role["Role"]["Arn"]

    def artifact(self, text: str) -> str:
        """Put a model archive into the bucket; returns its s3:// URI."""
        key = f"{self.name('model')}/model.tar.gz"
        self.s3.put_object(Bucket=BUCKET, Key=key, Body=model_archive(text))
        return f"s3://{BUCKET}/{key}"

    def model(self, version: str = "1", *, image: str = "", role: str = "", **environment: str) -> str:
        """Create a model that answers `version`; returns its name."""
        name = self.name("model")
        self.sagemaker.create_model(
            ModelName=name,
            ExecutionRoleArn=role or self.role,
            PrimaryContainer={
                "Image": image or f"{self.uri}@{self.digest}",
                "ModelDataUrl": self.artifact(f"bytes of {version}"),
                "Environment": {"VERSION": version, **environment},
            },
        )
        return name

    def config(self, *variants: dict[str, Any], **members: Any) -> str:
        """Create an endpoint config; variants come from `variant`. Returns its name."""
        name = self.name("config")
        self.sagemaker.create_endpoint_config(
            EndpointConfigName=name, ProductionVariants=list(variants), **members
        )
        return name

    def variant(self, model: str, name: str = "live", count: int = 1, weight: float = 1.0) -> dict[str, Any]:
        """A production variant of an instance type that moto does not know."""
        return {
            "VariantName": name,
            "ModelName": model,
            "InstanceType": "ml.m7i.large",
            "InitialInstanceCount": count,
            "InitialVariantWeight": weight,
        }

    def simple_config(self, version: str = "1", count: int = 1, **environment: str) -> str:
        """A config with the one variant `live`."""
        return self.config(self.variant(self.model(version, **environment), count=count))

    def endpoint(self, config: str = "", *, name: str = "") -> str:
        """Create an endpoint and wait until it serves; returns its name."""
        name = name or self.name("endpoint")
        self.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=config or self.simple_config())
        found = self.settled(name)
        assert found["EndpointStatus"] == "InService", found.get("FailureReason")
        return name

    def describe(self, endpoint: str) -> dict[str, Any]:
        """DescribeEndpoint without the metadata."""
        answer = self.sagemaker.describe_endpoint(EndpointName=endpoint)
        answer.pop("ResponseMetadata")
        return answer

    def settled(self, endpoint: str) -> dict[str, Any]:
        """DescribeEndpoint once the endpoint is in no transition."""
        busy = ("Creating", "Updating", "RollingBack", "Deleting")
        return wait_for(
            lambda: (d := self.describe(endpoint))["EndpointStatus"] not in busy and d,
            f"{endpoint} to settle",
        )

    def update(self, endpoint: str, config: str, **members: Any) -> dict[str, Any]:
        """UpdateEndpoint, and DescribeEndpoint once it is over."""
        self.sagemaker.update_endpoint(EndpointName=endpoint, EndpointConfigName=config, **members)
        return self.settled(endpoint)

    @contextmanager
    def held(self, endpoint: str) -> Generator[None]:
        """Inside, what goes on at the endpoint does not end: no instance gets ready, no rollback is over."""
        with self.fault("hold", endpoint=endpoint):
            yield

    @contextmanager
    def fault(self, kind: str, **members: Any) -> Generator[None]:
        """A fault inside the block alone."""
        fault = self.sandbox.faults(kind, **members)["id"]
        try:
            yield
        finally:
            self.sandbox.ask("DELETE", f"faults/{fault}")

    def invoke(self, endpoint: str, body: str = "hi", **members: Any) -> dict[str, Any]:
        """InvokeEndpoint's answer, read as JSON."""
        answer = self.runtime.invoke_endpoint(EndpointName=endpoint, Body=body.encode(), **members)
        return json.loads(answer["Body"].read())

    def version(self, endpoint: str) -> str:
        """The version that the endpoint answers."""
        return self.invoke(endpoint)["version"]

    def instances(self, endpoint: str, role: str = "live") -> list[dict[str, Any]]:
        """The running instances of an endpoint's live or pending deployment."""
        found = next(e for e in self.sandbox.status()["endpoints"] if e["name"] == endpoint)
        fleets = [f for d in found["deployments"] if d["role"] == role for f in d["fleets"]]
        return [instance for fleet in fleets for instance in fleet["instances"]]


def wait_for(condition: Callable[[], Any], what: str, limit: float = WAIT_LIMIT) -> Any:
    """Poll `condition` until it is true, and return its value; fail after `limit` seconds."""
    deadline = time.monotonic() + limit
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError(f"waited {limit:g} s for {what}")
