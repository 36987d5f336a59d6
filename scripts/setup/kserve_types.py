"""`make kserve-types`: KServe's published type of an `InferenceService` in `.tools/kserve`, for tests.

It is a file of KServe's Go module, which Go's checksum database vouches for; its SHA-256 is pinned here, too.
"""

import hashlib
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from scripts.setup.tools import ROOT, toolchain

MODULE = "github.com/kserve/kserve@v0.15.2"
FILE = "config/crd/full/serving.kserve.io_inferenceservices.yaml"
SHA256 = "43bcb3aef9c6308135ef122f48800230058b710eae98c26ff03da29940525e4e"
TYPES = ROOT / ".tools" / "kserve" / "inferenceservices.yaml"


def there() -> bool:
    """Whether the file is there and is the pinned one."""
    return TYPES.is_file() and hashlib.sha256(TYPES.read_bytes()).hexdigest() == SHA256


def main() -> int:
    """Fetch the file where it is not there."""
    if there():
        return 0
    print(f"setup: fetching KServe's types ({MODULE})", file=sys.stderr, flush=True)
    with toolchain() as (go, env), tempfile.TemporaryDirectory() as folder:
        command = [go, "mod", "download", "-json", MODULE]
        done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
        found = json.loads(done.stdout) if done.stdout.startswith("{") else {}
        file = Path(found.get("Dir", folder)) / FILE
        content = file.read_bytes() if file.is_file() else b""
    actual = hashlib.sha256(content).hexdigest()
    if actual != SHA256:
        why = (
            found.get("Error")
            or done.stderr.strip()
            or f"{FILE} has SHA-256 {actual}, and {SHA256} is pinned"
        )
        print(
            f"error: KServe's types could not be had: {why}\n"
            "  What is exported for KServe cannot be compared with them; everything else works.\n"
            "  Check the network (GOPROXY), then run it again: make kserve-types",
            file=sys.stderr,
        )
        return 4
    TYPES.parent.mkdir(parents=True, exist_ok=True)
    TYPES.write_bytes(content)
    return 0


if __name__ == "__main__":
    sys.exit(main())
