"""The servers that are compared, one file for each product, all of the same shape (`base.Peer`).

    ours                our own server
    nothing             servers that answer a constant
    mlserver            MLServer
    sagemaker_toolkit   sagemaker-inference-toolkit
    litserve            LitServe
    bentoml             BentoML
    mlflow              mlflow models serve

`requirements/` pins what each environment holds: `NAME.txt` is `NAME.in`, resolved by
`uv pip compile --universal --python-version 3.11 --no-header --no-annotate NAME.in -o NAME.txt`.
`programs/` is code that runs in those environments; nothing here imports it.
"""

from bench.serving.peers import (
    bentoml,
    litserve,
    mlflow,
    mlserver,
    nothing,
    ours,
    sagemaker_toolkit,
)
from bench.serving.peers.base import Peer

ALL: tuple[Peer, ...] = (
    *ours.SERVERS,
    *nothing.SERVERS,
    *mlserver.SERVERS,
    *sagemaker_toolkit.SERVERS,
    *litserve.SERVERS,
    *bentoml.SERVERS,
    *mlflow.SERVERS,
)
GROUPS = tuple(dict.fromkeys(peer.group for peer in ALL))
"""What `--peers` takes."""
ALWAYS = ("slipway",)
"""Groups that run whatever `--peers` says: ratios need them."""


def chosen(groups: list[str]) -> list[Peer]:
    """The servers of these groups (of all when it is empty) and of those that always run."""
    return [peer for peer in ALL if not groups or peer.group in groups or peer.group in ALWAYS]
