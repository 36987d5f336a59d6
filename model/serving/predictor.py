"""A loaded model behind /invocations: a request's rows as a job for its graph, its scores as an answer."""

from collections.abc import Callable
from typing import Any

from model.serving.answers import Answer
from model.serving.application import Job, Request
from model.serving.capture.keeper import Keeper
from model.serving.errors import RequestError, refused
from model.serving.formats.class_results import encoder as class_encoder
from model.serving.formats.decoders import decoders
from model.serving.formats.media import Media, answer_format, request_format
from model.serving.formats.refusals import Refusals, unquoted, wanted_refusals
from model.serving.formats.results import encoder
from model.serving.models.schema import Schema
from model.serving.models.scorer import Scorer


class Model:
    """Answers invocations with one graph. May be called from several threads at once."""

    def __init__(
        self, schema: Schema, scorer: Scorer, unnamed: bool = True, keeper: Keeper | None = None
    ) -> None:
        """`unnamed` says whether rows without names are taken, their values in the schema's order."""
        self._keeper = keeper or Keeper(None)
        self._hidden = frozenset(feature.name for feature in schema.features if feature.sensitive)
        self._rows = decoders(schema, unnamed)
        # what its answers are told by: the classes in their order, or the name of the one score
        self._told: Any = schema.output.classes or schema.output.name
        self._encoder: Callable[[Media, Any, Refusals | None], Callable[[list[Any]], Answer]] = (
            class_encoder if schema.output.classes else encoder
        )
        self._scorer = scorer

    def prepare(self, request: Request) -> Job:
        """The request's rows, to be scored. Raises RequestError 400, 406 or 415."""
        headers = request.headers
        given = request_format(headers.get("content-type", ""))
        wanted = answer_format(headers.get("accept", ""), given)
        if not request.body:
            raise refused("empty_body", "The body is empty; it has to hold the rows to score.")
        refusals = wanted_refusals(headers, self._hidden)
        try:
            table = self._rows[given].columns(request.body, refusals)
        except RequestError as error:
            raise RequestError(error.status, unquoted(error.fault, self._hidden)) from error
        encode = self._encoder(wanted, self._told, refusals)
        return Job(self._scorer, table, self._keeper.keeping(request, table, encode), request)
