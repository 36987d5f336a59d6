"""KServe's own client against the server at argv[1]; run in an environment of its own. Prints what it got."""

import asyncio
import json
import sys
from typing import Any

import numpy as np
from httpx import HTTPStatusError
from kserve import InferenceRESTClient, InferInput, InferRequest, RESTConfig  # ty: ignore[import-not-found]

URL, ROWS = sys.argv[1], json.loads(sys.argv[2])


def _request(rows: list[dict[str, Any]], binary: bool) -> InferRequest:
    inputs = []
    for name in rows[0]:
        values = [row[name] for row in rows]
        text = isinstance(values[0], str)
        array = np.array(values, object if text else np.float32).reshape(-1, 1)
        inputs.append(InferInput(name, list(array.shape), "BYTES" if text else "FP32"))
        inputs[-1].set_data_from_numpy(array, binary_data=binary)
    return InferRequest(model_name="toys", infer_inputs=inputs, request_id="7")


async def _run() -> dict[str, Any]:
    async with InferenceRESTClient(RESTConfig(protocol="v2")) as client:
        found: dict[str, Any] = {
            "live": await client.is_server_live(URL),
            "ready": await client.is_server_ready(URL),
            "models": [await client.is_model_ready(URL, name) for name in ("toys", "nothing")],
        }
        for binary in (False, True):
            answer = await client.infer(URL, _request(ROWS, binary), model_name="toys")
            found["binary" if binary else "json"] = [float(value) for value in answer.outputs[0].data]
            found["id"] = answer.id
        try:
            await client.infer(URL, _request([{"colour": "red"}], False), model_name="toys")
        except HTTPStatusError as error:
            found["error"] = str(error)
        return found


print(json.dumps(asyncio.run(_run())))
