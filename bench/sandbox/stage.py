"""What a measurement runs on: a sandbox with a small fast model server, made from nothing.

The server is one file of Python that answers every POST with its own body, so that what is measured is the
sandbox. Needs crane, as the registry does.
"""

import gzip
import io
import json
import os
import subprocess
import tarfile
from pathlib import Path
from typing import Any

from sandbox.aws.ecr.authorization import docker_config
from sandbox.aws.ecr.registry_process import find_crane
from sandbox.core.settings import SandboxError
from sandbox.testing import SandboxHandle

SERVER = '''#!/usr/bin/env python3
"""Answers 200 to a ping and a POST's own body to a POST."""
import asyncio, os, socket

class Echo(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport, self.data = transport, b""

    def data_received(self, data):
        self.data += data
        while True:
            head, found, rest = self.data.partition(b"\\r\\n\\r\\n")
            if not found:
                return
            length = 0
            for line in head.lower().split(b"\\r\\n")[1:]:
                if line.startswith(b"content-length:"):
                    length = int(line[15:])
            if len(rest) < length:
                return
            body, self.data = rest[:length], rest[length:]
            answer = b"HTTP/1.1 200 OK\\r\\nContent-Type: text/plain\\r\\nContent-Length: %d\\r\\n\\r\\n%b"
            self.transport.write(answer % (len(body), body))

async def main():
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", int(os.environ["SAGEMAKER_BIND_TO_PORT"])))
    server = await asyncio.get_running_loop().create_server(Echo, sock=listener)
    await server.serve_forever()

asyncio.run(main())
'''

BUCKET = "bench"
_VARIANT = {"VariantName": "live", "InstanceType": "ml.m5.large", "InitialVariantWeight": 1.0}


class Stage:
    """An image, a bucket and a role in a running sandbox, and endpoints made of them."""

    def __init__(self, sandbox: SandboxHandle, folder: Path) -> None:
        self.sandbox = sandbox
        self.sagemaker = sandbox.client("sagemaker")
        repository = sandbox.client("ecr").create_repository(repositoryName="bench")["repository"]
        self._image = _push(repository["repositoryUri"], folder)
        s3 = sandbox.client("s3")
        s3.create_bucket(Bucket=BUCKET)
        s3.put_object(Bucket=BUCKET, Key="model.tar.gz", Body=gzip.compress(_tar({"model.txt": b"none"})))
        iam = sandbox.client("iam")
        role = iam.create_role(RoleName="bench", AssumeRolePolicyDocument=_trust())
        iam.put_role_policy(RoleName="bench", PolicyName="all", PolicyDocument=_everything())
        self._role = role["Role"]["Arn"]

    def config(self, name: str, instances: int = 1) -> str:
        """A model and an endpoint config of that name; returns the name."""
        self.sagemaker.create_model(
            ModelName=name,
            ExecutionRoleArn=self._role,
            PrimaryContainer={"Image": self._image, "ModelDataUrl": f"s3://{BUCKET}/model.tar.gz"},
        )
        variant = {**_VARIANT, "ModelName": name, "InitialInstanceCount": instances}
        self.sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])
        return name

    def endpoint(self, name: str, config: str) -> str:
        """An endpoint that serves; returns its name. Raises SandboxError when it does not come up."""
        self.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=config)
        waiter = self.sagemaker.get_waiter("endpoint_in_service")
        waiter.wait(EndpointName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 60})
        return name

    def server_ports(self, endpoint: str) -> list[int]:
        """The ports of the endpoint's model servers."""
        return [int(instance["url"].rpartition(":")[2]) for instance in self._instances(endpoint)]

    def server_pids(self, endpoint: str) -> list[int]:
        """The process ids of the endpoint's model servers."""
        return [instance["pid"] for instance in self._instances(endpoint)]

    def _instances(self, endpoint: str) -> list[dict[str, Any]]:
        found = next(e for e in self.sandbox.status()["endpoints"] if e["name"] == endpoint)
        return [i for d in found["deployments"] for fleet in d["fleets"] for i in fleet["instances"]]


def _push(uri: str, folder: Path) -> str:
    """Build the image and push it; returns its reference by digest. Raises SandboxError."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(docker_config(uri.partition("/")[0]))
    layer, image = folder / "layer.tar", folder / "image.tar"
    layer.write_bytes(_tar({"opt/program/serve": SERVER.encode()}))
    _crane(folder, "append", "--oci-empty-base", "-f", str(layer), "-t", f"{uri}:layer", "-o", str(image))
    _crane(folder, "push", str(image), f"{uri}:layer")
    done = _crane(
        folder, "mutate", f"{uri}:layer", "--entrypoint", "/opt/program/serve", "-t", f"{uri}:bench"
    )
    return f"{uri}@{done.rpartition('@')[2]}"


def _crane(config: Path, *arguments: str) -> str:
    command = [str(find_crane()), "--insecure", *arguments]
    env = os.environ | {"DOCKER_CONFIG": str(config)}
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, env=env)
    if done.returncode != 0:
        raise SandboxError(f"crane {arguments[0]} failed: {done.stderr.strip()}", exit_code=4)
    return done.stdout.strip()


def _tar(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(content), 0o755
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def _trust() -> str:
    principal = {"Service": "sagemaker.amazonaws.com"}
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _everything() -> str:
    statement = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
