"""What schemathesis makes of the document, sent to a real server: no 5xx, and every answer is as it says.

A few hundred requests; the long run is a benchmark.
"""

from collections import Counter
from collections.abc import Generator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.model.serving.running import Server, serving
from tests.model.serving.several import write_several

pytestmark = pytest.mark.sandbox
CHECKS: list[Any] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Generator[Server]:
    artifact = write_several(tmp_path_factory.mktemp("several"))
    with serving(artifact, tmp_path_factory.mktemp("server")) as running:
        yield running.wait_ready()


@schemathesis.serializer("text/csv", "application/jsonlines")
def _as_text(_context: Any, value: Any) -> bytes:
    return str(value).encode()


def test_every_answer_is_as_the_document_says(server: Server) -> None:
    """Requests that the document allows and, in part, ones that it does not."""
    described = schemathesis.openapi.from_url(f"http://127.0.0.1:{server.port}/openapi.json")
    statuses: Counter[int] = Counter()
    for found in described.get_all_operations():
        assert isinstance(found, Ok)
        operation = found.ok()
        for mode in GenerationMode:
            try:
                strategy = operation.as_strategy(generation_mode=mode)
                _try(strategy, statuses)
            except Unsatisfiable:
                assert mode is GenerationMode.NEGATIVE, operation.label
    assert sum(statuses.values()) > 200
    assert {200, 400, 404} <= statuses.keys()


def _try(strategy: Any, statuses: Counter[int]) -> None:
    @settings(
        max_examples=20,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def ask(case: Case) -> None:
        answer = case.call()
        statuses[answer.status_code] += 1
        case.validate_response(answer, checks=CHECKS)

    ask()
