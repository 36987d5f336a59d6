"""What `sandbox env` exports: everything that makes AWS clients and Pulumi speak to one sandbox."""

import os
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sandbox.core.settings import REGION, Settings

TOOLS = Path(__file__).resolve().parents[2] / ".tools" / "bin"


def environment(settings: Settings, record: Mapping[str, Any]) -> dict[str, str]:
    """The variables for a running sandbox's record. The keys are no secrets: nothing checks them."""
    path = os.environ.get("PATH", os.defpath).split(os.pathsep)
    tools_first = [str(TOOLS), *(folder for folder in path if folder != str(TOOLS))]
    return {
        "AWS_ENDPOINT_URL": record["endpoint_url"],
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "PULUMI_BACKEND_URL": f"file://{settings.pulumi_state}",
        "PULUMI_CONFIG_PASSPHRASE": "sandbox",
        "PULUMI_HOME": str(settings.pulumi_home),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "PATH": os.pathsep.join(tools_first),
    }


def export_lines(variables: Mapping[str, str]) -> list[str]:
    """`export NAME=value` for a shell; PATH is extended, not replaced."""
    lines = [f"export {name}={shlex.quote(value)}" for name, value in variables.items() if name != "PATH"]
    lines += [f"unset {name}" for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN")]
    return [*lines, f'export PATH={shlex.quote(str(TOOLS))}:"$PATH"']
