"""What a run was made on, for the report: the machine, and what serving depends on."""

import os
import shutil
import subprocess
from importlib.metadata import version

from bench import machine
from measuring.wrk import generator


def describe() -> dict[str, str]:
    """Names and values."""
    return machine.describe() | {
        "onnxruntime": version("onnxruntime"),
        "scikit-learn": version("scikit-learn"),
        "load generator": generator(),
        "Java": _java(),
    }


def cores() -> tuple[str, str]:
    """The server's core and the load's; the same one where there is only one."""
    usable = sorted(os.sched_getaffinity(0))
    return str(usable[0]), str(usable[-1])


def _java() -> str:
    if (java := shutil.which("java")) is None:
        return "none"
    done = subprocess.run([java, "-version"], capture_output=True, text=True, check=False)
    return (done.stderr or done.stdout).partition("\n")[0]
