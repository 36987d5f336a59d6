"""What a run was made on, for the report."""

import os
import platform
import shutil
import subprocess
from importlib.metadata import version
from pathlib import Path

from demo.project import ROOT
from measuring.wrk import generator


def describe() -> dict[str, str]:
    """Names and values; the load average tells whether the machine was quiet when the run began."""
    return {
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "memory": f"{os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE') / 2**30:.0f} GiB",
        "system": f"{platform.system()} {platform.release()}",
        "Python": platform.python_version(),
        "onnxruntime": version("onnxruntime"),
        "scikit-learn": version("scikit-learn"),
        "load generator": generator(),
        "load average before": f"{os.getloadavg()[0]:.2f}",
        "Java": _java(),
        "commit": _commit(),
    }


def cores() -> tuple[str, str]:
    """The server's core and the load's; the same one where there is only one."""
    usable = sorted(os.sched_getaffinity(0))
    return str(usable[0]), str(usable[-1])


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    found = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    return found or platform.machine()


def _java() -> str:
    if (java := shutil.which("java")) is None:
        return "none"
    done = subprocess.run([java, "-version"], capture_output=True, text=True, check=False)
    return (done.stderr or done.stdout).partition("\n")[0]


def _commit() -> str:
    command = ["git", "describe", "--always", "--dirty", "--exclude=*"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"
