"""Actions of others, as a machine without GitHub has them: `act` runs these in place of the real ones.

`standins.py environment`, in a job's checkout, is what actions/cache would bring: a `.venv`
that is as its lock asks, with the packages of this checkout's.

`standins.py role ARN NOTES` is what aws-actions/configure-aws-credentials does: it assumes the role, by the
sandbox's STS, and hands its keys to the steps after it. In the folder NOTES it leaves what was called before.
"""

import json
import os
import subprocess
import sys
import sysconfig
import urllib.request
from pathlib import Path
from typing import Any

import boto3

NEEDED = "needed.jsonl"
"""A line whenever a role is assumed: its ARN, and what was needed since the one before it was."""


def environment(checkout: Path) -> None:
    """A `.venv` in the checkout, with the packages of this one's."""
    subprocess.run(["uv", "venv", "--quiet", "--python", sys.executable, ".venv"], cwd=checkout, check=True)
    tools, site = checkout / ".venv" / "bin", next((checkout / ".venv").glob("lib/*/site-packages"))
    (site / "packages.pth").write_text(f"{sysconfig.get_path('purelib')}\n")
    (site / "slipway.pth").write_text(f"{checkout}\n")
    for tool in Path(sys.executable).parent.iterdir():
        if not (tools / tool.name).exists():
            (tools / tool.name).symlink_to(tool)
    code = "from scripts.setup.bootstrap import _fingerprint; print(_fingerprint(), end='')"
    told = subprocess.run([tools / "python", "-c", code], cwd=checkout, check=True, capture_output=True)
    (checkout / ".venv" / ".slipway-lock").write_bytes(told.stdout)


def role(arn: str, notes: Path) -> None:
    """Assume a role, and note what was called before."""
    line = json.dumps([arn, _ask("GET", "permissions")]) + "\n"
    with (notes / NEEDED).open("ab", buffering=0) as file:  # in one piece: jobs run side by side
        file.write(line.encode())
    region = os.environ["AWS_REGION"]
    sts = boto3.client("sts", region_name=region, aws_access_key_id="github", aws_secret_access_key="github")
    keys = sts.assume_role(RoleArn=arn, RoleSessionName="GitHubActions")["Credentials"]
    _ask("DELETE", "calls")
    with Path(os.environ["GITHUB_ENV"]).open("a") as file:
        file.write(
            f"AWS_ACCESS_KEY_ID={keys['AccessKeyId']}\nAWS_SECRET_ACCESS_KEY={keys['SecretAccessKey']}\n"
        )
        file.write(f"AWS_SESSION_TOKEN={keys['SessionToken']}\n")
        file.write(f"AWS_REGION={region}\nAWS_DEFAULT_REGION={region}\n")


def _ask(method: str, path: str) -> Any:
    """The sandbox, which the environment names."""
    url = f"{os.environ['AWS_ENDPOINT_URL']}/_sandbox/{path}"
    request = urllib.request.Request(url, method=method)  # noqa: S310 - as below
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - the sandbox is on loopback
        return json.loads(answer.read())


if __name__ == "__main__":
    if sys.argv[1] == "environment":
        environment(Path.cwd())
    else:
        role(sys.argv[2], Path(sys.argv[3]))
