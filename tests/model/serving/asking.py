"""Asking a loaded model or a reader without a socket."""

import json
from pathlib import Path
from typing import Any

from model.serving.answers import Answer
from model.serving.application import Application, Request
from model.serving.http.budget import Budget
from model.serving.http.reader import Incoming, Reader
from model.serving.models.catalog import load_models
from model.serving.predictor import Model


def ask(model: Model, body: bytes, **headers: str) -> Answer:
    """The answer to POST /invocations; header names with _ for -."""
    application = Application(lambda: True)
    application.ready(model)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return application.respond(
        Request("POST", "/invocations", {"content-type": "application/json"} | named, body)
    )


def ask_csv(model: Model, body: bytes, **headers: str) -> Answer:
    """The same with a CSV body."""
    return ask(model, body, **({"content_type": "text/csv"} | headers))


def scores(answer: Answer) -> list[float]:
    """The scores of a 200 in JSON."""
    assert answer.status == 200, answer
    return json.loads(answer.body)["predictions"]


def error(answer: Answer) -> dict[str, Any]:
    """The error of an answer that is none of 200 and 500, with the status in it."""
    assert answer.status not in (200, 500), answer
    return {"status": answer.status, **json.loads(answer.body)["error"]}


def read(data: bytes, pieces: int | None = None, max_body: int = 1000) -> list[Incoming]:
    """What a reader makes of `data`, fed at once or in pieces of that many bytes."""
    found: list[Incoming] = []
    reader = Reader(max_body, found.append, lambda: None, lambda _headers: "id", Budget(10**9))
    size = pieces or len(data) or 1
    for start in range(0, len(data), size):
        reader.feed(data[start : start + size])
    return found


def load_model(folder: Path, unnamed: bool = True) -> Model:
    """The default model of the artifact in `folder`, as the server loads it; `unnamed` says whether it takes
    rows without names. Raises ArtifactError."""
    default = load_models(folder).default
    return Model(default.schema, default.scorer, unnamed)
