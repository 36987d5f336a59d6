"""KServe's own client asks a server (argv[1]) for scores of a model (argv[2]), and prints what it got.

Run in an environment of its own.
"""

import asyncio
import json
import sys
from typing import Any

import numpy as np
from httpx import HTTPStatusError
from kserve import InferenceRESTClient, InferInput, InferRequest, RESTConfig  # ty: ignore[import-not-found]

URL, MODEL, ROWS = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])


def _request(rows: list[dict[str, Any]], binary: bool) -> InferRequest:
    inputs = []
    for name in rows[0]:
        values = [row[name] for row in rows]
        text = isinstance(values[0], str)
        array = np.array(values, object if text else np.float32).reshape(-1, 1)
        inputs.append(InferInput(name, list(array.shape), "BYTES" if text else "FP32"))
        inputs[-1].set_data_from_numpy(array, binary_data=binary)
    return InferRequest(model_name=MODEL, infer_inputs=inputs, request_id="7")


async def _run() -> dict[str, Any]:
    async with InferenceRESTClient(RESTConfig(protocol="v2")) as client:
        found: dict[str, Any] = {
            "live": await client.is_server_live(URL),
            "ready": await client.is_server_ready(URL),
            "models": [await client.is_model_ready(URL, name) for name in (MODEL, "nothing")],
        }
        for binary in (False, True):
            answer = await client.infer(URL, _request(ROWS, binary), model_name=MODEL)
            found["binary" if binary else "json"] = [float(value) for value in answer.outputs[0].data]
            found["id"] = answer.id
        first = next(iter(ROWS[0].items()))
        try:
            await client.infer(URL, _request([dict([first])], False), model_name=MODEL)
        except HTTPStatusError as error:
            found["error"] = str(error)
        return found


print(json.dumps(asyncio.run(_run())))
