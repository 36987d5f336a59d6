"""MLflow's tracking server on this machine, with its database in `.build` and its artifacts in S3.

`make tracking` starts it, in the sandbox's AWS; AWS is whatever the environment says. It runs until it is
interrupted.
"""

import argparse
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HOST = "127.0.0.1"


def main() -> None:
    """Make the bucket where it is missing, then run MLflow's server."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=5000)
    parser.add_argument("--bucket", default="slipway-tracking", help="for artifacts; made if missing")
    parser.add_argument("--database", type=Path, default=ROOT / ".build" / "tracking" / "server.db")
    args = parser.parse_args()
    args.database.parent.mkdir(parents=True, exist_ok=True)
    endpoint = os.environ.get("AWS_ENDPOINT_URL")
    make_bucket(args.bucket, endpoint)
    if endpoint:
        os.environ.setdefault("MLFLOW_S3_ENDPOINT_URL", endpoint)
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    print(f"export MLFLOW_TRACKING_URI=http://{HOST}:{args.port}", flush=True)
    arguments = ["server", "--host", HOST, "--port", str(args.port), "--workers", "1"]
    arguments += ["--backend-store-uri", f"sqlite:///{args.database.resolve()}"]
    arguments += ["--artifacts-destination", f"s3://{args.bucket}"]
    with suppress(KeyboardInterrupt):  # of a terminal; MLflow gets it too, and ends
        sys.exit(subprocess.call([sys.executable, "-m", "mlflow", *arguments]))


def make_bucket(name: str, endpoint: str | None) -> None:
    """Make a bucket, by Arrow's S3 client: only the adapters of a release speak to AWS by boto3."""
    from pyarrow.fs import FileType, S3FileSystem

    s3 = S3FileSystem(endpoint_override=endpoint, allow_bucket_creation=True)
    if s3.get_file_info(name).type is FileType.NotFound:
        s3.create_dir(name)


if __name__ == "__main__":
    main()
