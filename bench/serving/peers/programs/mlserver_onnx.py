"""MLServer's custom runtime with our ONNX graph: Open Inference requests, one input for each feature."""

from typing import Any

from mlserver import MLModel
from mlserver.types import InferenceRequest, InferenceResponse, ResponseOutput
from rows import Graph


class OnnxModel(MLModel):
    """Reads the inputs' data as they are: no data frame in between."""

    async def load(self) -> bool:
        self._graph = Graph()
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        columns: dict[str, Any] = {column.name: column.data.root for column in payload.inputs}
        scores = self._graph.score_columns(columns)
        output = ResponseOutput(name="late", shape=[len(scores)], datatype="FP32", data=scores)
        return InferenceResponse(model_name=self.name, model_version=self.version, outputs=[output])
