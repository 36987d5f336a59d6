"""A tiny image of someone else: one Python file that keeps SageMaker's contract, built by crane."""

import gzip
import io
import json
import os
import re
import subprocess
import tarfile
import tempfile
from pathlib import Path

from sandbox.aws.ecr.authorization import docker_config
from sandbox.aws.ecr.registry_process import find_crane

SERVER = '''#!/usr/bin/python3.9
"""Answers its version, its model and its environment; can be told to fail, to wait and to die."""
import json, os, signal, sys, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

assert sys.argv[-1] == "serve", sys.argv
if os.path.exists(os.environ.get("POISON", "")):
    sys.exit("poisoned")
# In a container it is process 1, which a signal without a handler does not end.
signal.signal(signal.SIGTERM, signal.SIG_IGN if os.environ.get("STUBBORN") else lambda *_: os._exit(143))

class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self):
        self.answer(200 if os.environ.get("BROKEN") is None else 500, b"")

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        text = body.decode()
        if os.environ.get("FAILING"):
            return self.answer(500, b"as always")
        if text.startswith("print "):
            print(text[6:], flush=True)
        if text.startswith("status "):
            return self.answer(int(text.split()[1]), b"as you wish")
        if text.startswith("sleep "):
            time.sleep(float(text.split()[1]))
        if text == "die":
            os._exit(7)
        if text == "echo":
            return self.answer(200, body, self.headers["Content-Type"])
        if text == "headers":
            return self.answer(200, json.dumps({k.lower(): v for k, v in self.headers.items()}).encode())
        model = os.path.join(os.environ["SM_MODEL_DIR"], "model.txt")
        with open(model) as file:
            answer = {"version": os.environ.get("VERSION"), "model": file.read(), "pid": os.getpid(),
                      "image_env": os.environ.get("FROM_IMAGE"), "lib": os.environ.get("LIB")}
        if '"instances"' in text or '"dataframe_split"' in text:
            answer = {"predictions": [os.environ.get("VERSION")]}
        print(json.dumps({"served": text}), flush=True)
        self.answer(200, json.dumps(answer).encode(), "application/json")

    def answer(self, status, body, kind="text/plain"):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        custom = self.headers.get("X-Amzn-SageMaker-Custom-Attributes")
        if custom:
            self.send_header("X-Amzn-SageMaker-Custom-Attributes", custom)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass

class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

address = os.environ["SLIPWAY_BIND_HOST"], int(os.environ["SAGEMAKER_BIND_TO_PORT"])
Server(address, Handler).serve_forever()
'''


def tar(files: dict[str, bytes], *, mode: int = 0o755) -> bytes:
    """A tar of files, gzipped where a model wants it: see `model_archive`."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(content), mode
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def model_archive(text: str) -> bytes:
    """A model.tar.gz that holds model.txt."""
    return gzip.compress(tar({"model.txt": text.encode()}), mtime=0)


def push_image(
    repository_uri: str,
    folder: Path,
    *,
    tag: str = "v1",
    marker: str = "",
    base: str = "",
    entrypoint: str = "/opt/app/serve.py",
    label: str = "",
) -> str:
    """Build the tiny image and push it; returns its digest. `marker` makes its bytes differ.

    Without a `base`, the reference of an image, it holds the program alone.
    """
    files = {"opt/app/serve.py": SERVER.encode(), "opt/app/marker": marker.encode()}
    return _push(repository_uri, folder, files, entrypoint, tag, base, label)


def push_programs(
    uri: str, folder: Path, programs: dict[str, str], *, base: str = "", interpreter: str = ""
) -> str:
    """Push an image of programs by their paths, the first of which is its entrypoint; returns its digest.

    An `interpreter` of the base runs that, where the one that it names is not there.
    """
    files = {path.lstrip("/"): program.encode() for path, program in programs.items()}
    entrypoint = ",".join(filter(None, (interpreter, next(iter(programs)))))
    return _push(uri, folder, files, entrypoint, "v1", base)


def _push(
    uri: str,
    folder: Path,
    files: dict[str, bytes],
    entrypoint: str,
    tag: str,
    base: str = "",
    label: str = "",
) -> str:
    with tempfile.TemporaryDirectory(dir=folder) as work:
        layer, made = Path(work) / "layer.tar", Path(work) / "image.tar"
        layer.write_bytes(tar(files))
        below = ["--base", base] if base else ["--oci-empty-base"]
        crane(["append", *below, "-f", str(layer), "-t", f"{uri}:{tag}", "-o", str(made)])
        crane(["push", str(made), f"{uri}:build-{tag}"])
        return crane(
            [
                *("mutate", f"{uri}:build-{tag}", "--entrypoint", entrypoint),
                *(("--label", label) if label else ()),
                *("--env", "FROM_IMAGE=yes", "--env", "LIB=/opt/app", "-t", f"{uri}:{tag}"),
            ]
        ).rpartition("@")[2]


def crane(arguments: list[str]) -> str:
    """Run crane, logged in; returns what it prints. Raises AssertionError with its words."""
    command = [str(find_crane()), "--insecure", *arguments]
    hosts = [found[0] for word in arguments if (found := re.match(r"127\.0\.0\.1:\d+", word))]
    with tempfile.TemporaryDirectory() as folder:
        if hosts:
            (Path(folder) / "config.json").write_text(docker_config(hosts[0]))
        env = os.environ | {"DOCKER_CONFIG": folder}
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=env)
    if done.returncode != 0:
        raise AssertionError(done.stderr)
    return done.stdout.strip()


def trust_policy() -> str:
    """An assume-role policy that lets SageMaker in."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "sagemaker.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def endpoints_policy(without: str = "") -> str:
    """What an endpoint's role has to allow, on everything: with alarms, captured requests and a network."""
    services = ("cloudwatch:*", "ec2:*", "ecr:*", "kms:*", "logs:*", "s3:*")
    statements = [{"Effect": "Allow", "Action": list(services), "Resource": "*"}]
    denied = [{"Effect": "Deny", "Action": without, "Resource": "*"}] if without else []
    return json.dumps({"Version": "2012-10-17", "Statement": [*statements, *denied]})
