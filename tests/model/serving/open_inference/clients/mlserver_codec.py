"""Requests as MLServer's own codecs write them; run in an environment of its own. Prints one a line."""

import json
import sys

import pandas as pd
from mlserver.codecs import PandasCodec  # ty: ignore[import-not-found]
from mlserver.types import InferenceResponse  # ty: ignore[import-not-found]

if sys.argv[1] == "encode":
    frame = pd.DataFrame(json.loads(sys.argv[2]))
    for use_bytes in (False, True):
        print(PandasCodec.encode_request(frame, use_bytes=use_bytes).model_dump_json())
else:
    answer = PandasCodec.decode_response(InferenceResponse.model_validate_json(sys.argv[2]))
    print(answer.to_json())
