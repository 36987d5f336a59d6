"""A BentoML service as its documents show it; BENCH_FLAVOUR says which model it loads."""

import os
from typing import Annotated, Any

import bentoml
import pandas as pd
from bentoml.validators import DataframeSchema
from rows import Graph, Pipeline

Frame = Annotated[pd.DataFrame, DataframeSchema(orient="columns")]


@bentoml.service(workers=1, logging={"access": {"enabled": False}})
class Delays:
    """`{"instances": [{...}]}` to scores, in three ways; `{"columns": {...}}` to scores, in two."""

    def __init__(self) -> None:
        self.model = Graph() if os.environ["BENCH_FLAVOUR"] == "onnx" else Pipeline()

    @bentoml.api
    def predict(self, instances: list[dict[str, Any]]) -> list[float]:
        return self.model.score(instances)

    @bentoml.api
    async def predict_async(self, instances: list[dict[str, Any]]) -> list[float]:
        return self.model.score(instances)

    @bentoml.api(batchable=True, max_batch_size=1024, max_latency_ms=1000)
    def predict_batched(self, instances: list[dict[str, Any]]) -> list[float]:
        return self.model.score(instances)

    @bentoml.api
    def predict_columns(self, columns: Frame) -> list[float]:
        return self.model.score_columns(columns)

    @bentoml.api
    async def predict_columns_async(self, columns: dict[str, list[Any]]) -> list[float]:
        return self.model.score_columns(columns)
