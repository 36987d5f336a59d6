"""The Python `oras` client: log in with an ECR token, push files as an artifact, pull them again.

Arguments: the registry's host and port, a repository, and the password of an authorization token. Prints one
JSON object.
"""

import json
import sys
from pathlib import Path

import oras.client  # ty: ignore[import-not-found]  # installed in its own environment


def main(host: str, repository: str, password: str) -> None:
    """Push and pull one artifact."""
    client = oras.client.OrasClient(hostname=host, insecure=True, auth_backend="basic")
    client.login(username="AWS", password=password, hostname=host)
    Path("model.txt").write_text("the model")
    Path("card.md").write_text("# its card\n" * 100_000)
    target = f"{host}/{repository}:a1"
    pushed = client.push(target=target, files=["model.txt", "card.md"])
    pulled = client.pull(target=target, outdir="pulled")
    print(
        json.dumps(
            {
                "pushed": pushed.headers["Docker-Content-Digest"],
                "same": [Path(p).read_bytes() == Path(Path(p).name).read_bytes() for p in sorted(pulled)],
                "tags": client.get_tags(f"{host}/{repository}"),
                "manifest": client.get_manifest(target)["mediaType"],
            }
        )
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
