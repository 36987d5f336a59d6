"""LitServe as its README shows it: `litserve_app.py PORT BATCH`; a BATCH over 1 turns its batching on.

BENCH_FLAVOUR says which model it loads.
"""

import os
import sys
from typing import Any

import litserve as ls
from rows import Graph, Pipeline

Rows = list[dict[str, Any]]


class Delays(ls.LitAPI):
    """`{"instances": [{...}]}` to `{"predictions": [...]}`."""

    def setup(self, device: str) -> None:
        self.model = Graph() if os.environ["BENCH_FLAVOUR"] == "onnx" else Pipeline()

    def decode_request(self, request: dict[str, Any]) -> Rows:
        return request["instances"]

    def predict(self, rows: Rows) -> list[float]:
        return self.model.score(rows)

    def encode_response(self, output: list[float]) -> dict[str, list[float]]:
        return {"predictions": output}


class Batched(Delays):
    """The rows of several requests scored together."""

    def batch(self, inputs: list[Rows]) -> Rows:
        self.sizes = [len(rows) for rows in inputs]
        return [row for rows in inputs for row in rows]

    def unbatch(self, output: list[float]) -> list[list[float]]:
        scores = iter(output)
        return [[next(scores) for _ in range(size)] for size in self.sizes]


if __name__ == "__main__":
    port, batch = map(int, sys.argv[1:])
    api = Batched(max_batch_size=batch, batch_timeout=0.002) if batch > 1 else Delays()
    server = ls.LitServer(api, accelerator="cpu", workers_per_device=1)
    quiet = {"generate_client_file": False, "log_level": "warning"}
    server.run(host="127.0.0.1", port=port, num_api_servers=1, **quiet)
