"""schemathesis over the server's own OpenAPI document: what it allows, what it does not, and what comes back.

Every answer has to be as the document says, and none a 5xx. Whether a body that the document allows is
accepted is not asked: a document cannot say what a CSV has to hold.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from bench.serving.peers.base import HOST

PATIENCE = 10.0
_SHOWN = 300


@dataclass
class Documented:
    """What came back."""

    operations: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)

    @property
    def examples(self) -> int:
        """Answers."""
        return sum(self.statuses.values())


def explore(port: int, examples: int, seed: int) -> Documented:
    """About so many examples, as many of each operation."""
    # here: it takes a second to import, and nothing else needs it
    import schemathesis

    register_texts()
    found = Documented()
    try:
        described = schemathesis.openapi.from_url(f"http://{HOST}:{port}/openapi.json")
    except Exception as error:  # whatever it makes of an answer that is no document
        found.failures.append(f"GET /openapi.json: {error}")
        return found
    strategies = list(_strategies(described))
    found.operations = len({label for label, _ in strategies})
    # an operation without parameters has one example: others get its share
    while strategies and found.examples < examples and not found.failures:
        share = max((examples - found.examples) // len(strategies), 1)
        seed += 1
        strategies = [each for each in strategies if _explored(*each, share, seed, found)]
    return found


def _explored(label: str, strategy: Any, examples: int, seed: int, found: Documented) -> bool:
    """Whether there were as many examples of one strategy, none of them wrong."""
    from schemathesis.core.failures import FailureGroup

    before = found.examples
    try:
        _ask(strategy, examples, seed, found)
    except (Exception, FailureGroup) as error:  # of a check, or of the connection
        found.failures.append(f"{label}: {' '.join(str(error).split())[:_SHOWN]}")
        return False
    return found.examples - before >= examples


def _strategies(described: Any) -> Iterator[tuple[str, Any]]:
    """Each operation twice: what it allows, and what it does not."""
    from schemathesis.generation import GenerationMode

    for result in described.get_all_operations():
        operation = result.ok()
        for mode in GenerationMode:
            yield operation.label, operation.as_strategy(generation_mode=mode)


def _ask(strategy: Any, examples: int, seed: int, found: Documented) -> None:
    from hypothesis import HealthCheck, Phase, given, settings
    from hypothesis import seed as seeded
    from hypothesis.errors import Unsatisfiable
    from schemathesis import checks
    from schemathesis.specs.openapi import checks as conformance

    wanted: list[Any] = [
        checks.not_a_server_error,
        conformance.status_code_conformance,
        conformance.content_type_conformance,
        conformance.response_headers_conformance,
        conformance.response_schema_conformance,
    ]

    @seeded(seed)
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def ask(case: Any) -> None:
        answer = case.call(timeout=PATIENCE)
        found.statuses[answer.status_code] += 1
        case.validate_response(answer, checks=wanted)

    # an operation may allow everything
    with suppress(Unsatisfiable):
        ask()


def register_texts() -> None:
    """How schemathesis is to send bodies of text."""
    import schemathesis

    @schemathesis.serializer("text/csv", "application/jsonlines")
    def as_text(_context: Any, value: Any) -> bytes:
        return str(value).encode("utf-8", "surrogatepass")
