"""A container that this repository did not build: the evidence that is given for it, read and checked. Pure.

Whoever releases one by `./slipway release --image --artifact --evidence` says in one file what training and
image build say of our own: what it is, what was measured, and which requests it has to answer how. Every key
is written down in docs/foreign.md; what is wrong with one is said with its meaning and an example.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    Field,
    JsonValue,
    StringConstraints,
    ValidationError,
    field_validator,
    model_validator,
)

from release.domain import answers, names, nearby, request_schema
from release.domain.errors import UsageError
from release.domain.golden import Allowed, Golden, GoldenRequest
from release.domain.manifest import Foreign, GateResult, ImageRecord, Manifest, ModelRecord
from release.domain.pins import Data, Sha256

Kind = Literal["binary", "multiclass", "regression", "ranking", "other"]
Text = Annotated[str, StringConstraints(min_length=1, max_length=1000)]
Digest = Annotated[str, StringConstraints(pattern=r"^sha256:[0-9a-f]{64}$")]
Finite = Annotated[float, Field(allow_inf_nan=False)]

PRECISE = 1e-5
"""The tolerance of golden requests where none is declared, in parts of the span."""
HELP = "Every key, and a whole example: docs/foreign.md."


class Gate(Data):
    """One gate: a measure with its bound, or a result with its reason."""

    name: Annotated[
        Text,
        Field(description="the gate, by the name under which stages ask for it", examples=["auc"]),
    ]
    value: Annotated[
        Finite | None,
        Field(description="what was measured; with at_least or at_most", examples=[0.81]),
    ] = None
    at_least: Annotated[
        Finite | None, Field(description="the gate passes when value is not below", examples=[0.75])
    ] = None
    at_most: Annotated[
        Finite | None, Field(description="the gate passes when value is not above", examples=[0.05])
    ] = None
    passed: Annotated[
        bool | None,
        Field(description="the result, where it is no number with a bound; with reason", examples=[True]),
    ] = None
    reason: Annotated[
        str, Field(description="why it passed or not, in words", examples=["reviewed by two people"])
    ] = ""

    @model_validator(mode="after")
    def _measured_or_decided(self) -> "Gate":
        bounds = [bound for bound in (self.at_least, self.at_most) if bound is not None]
        measured = self.value is not None and len(bounds) == 1 and self.passed is None
        decided = self.passed is not None and bool(self.reason) and self.value is None and not bounds
        if not (measured or decided):
            raise ValueError("a gate is value with one of at_least and at_most, or passed with reason")
        return self

    def result(self) -> GateResult:
        """The gate as the manifest holds it."""
        if self.value is None:
            return GateResult(name=self.name, passed=bool(self.passed), reason=self.reason)
        bound, word = (self.at_least, "at least") if self.at_least is not None else (self.at_most, "at most")
        assert bound is not None
        passed = self.value >= bound if word == "at least" else self.value <= bound
        reason = f"{self.name} is {self.value:g} ({word} {bound:g})"
        told = f"{reason}: {self.reason}" if self.reason else reason
        return GateResult(name=self.name, passed=passed, value=self.value, bound=bound, reason=told)


class Expected(Data):
    """One golden request, and the answer to it."""

    content_type: Annotated[
        Text,
        Field(description="the content type of the request; callers may use it", examples=["text/csv"]),
    ]
    accept: Annotated[
        str,
        Field(
            description="the content type of the answer; that of the request, where it is left out",
            examples=["application/json"],
        ),
    ] = ""
    body: Annotated[
        JsonValue,
        Field(
            description="what is sent: text as it is, anything else as JSON", examples=[{"rows": [[1, 2]]}]
        ),
    ]
    answer: Annotated[
        JsonValue,
        Field(
            description="the answer to it: JSON, or text that is read by its content type; its numbers are "
            "the scores",
            examples=[{"predictions": [0.12]}],
        ),
    ]
    answer_at: Annotated[
        str,
        Field(
            description="the part of the container's answer that is compared with `answer`, as a JSON "
            "pointer; all of it, where it is left out",
            examples=["/predictions"],
            pattern=r"^(/.*)?$",
        ),
    ] = ""

    @model_validator(mode="after")
    def _says_something(self) -> "Expected":
        answer = self._read
        if not answers.numbers(answer):
            raise ValueError("the answer holds no number, so no score could be compared with live's")
        _refuse_not_finite("the answer", answer)
        return self

    @field_validator("body")
    @classmethod
    def _is_json(cls, body: JsonValue) -> JsonValue:
        _refuse_not_finite("it", body)
        return body

    @property
    def _read(self) -> JsonValue:
        kind = self.accept or self.content_type
        if isinstance(self.answer, str) and not self.answer_at:
            try:
                return answers.parse(self.answer.encode(), kind)
            except ValueError as error:
                raise ValueError(f"the answer is not {kind}: {error}") from None
        return self.answer

    def request(self) -> GoldenRequest:
        """The golden request as it is stored and sent."""
        body = self.body if isinstance(self.body, str) else json.dumps(self.body)
        answer = self._read
        return GoldenRequest(
            content_type=self.content_type,
            accept=self.accept,
            body=body,
            scores=tuple(answers.numbers(answer)),
            answer=answer,
            answer_at=self.answer_at,
        )


class Requests(Data):
    """The golden requests."""

    tolerance: Annotated[
        Finite | None,
        Field(
            description="how far a number of an answer may lie from the expected one, and by this also from "
            "itself when the same is asked twice; left out: as good as not at all, and two answers to the "
            "same request have to be equal",
            examples=[0.001],
            gt=0,
        ),
    ] = None
    span: Annotated[
        Finite,
        Field(
            description="what the numbers usually lie within; 1 for probabilities. The tolerance is at most "
            "1 % of it",
            examples=[1.0],
            gt=0,
        ),
    ] = 1.0
    allowed: Annotated[
        Allowed,
        Field(
            description="how far it may differ from the live release on golden requests",
            examples=[{"mean_change": 0.2}],
        ),
    ] = Allowed()
    requests: Annotated[
        tuple[Expected, ...],
        Field(
            description="requests, each with the answer that is proven to be right; one at least for each "
            "content type that callers may use",
            examples=[[{"content_type": "text/csv", "body": "1,2\n", "answer": "0.12\n"}]],
            min_length=1,
            max_length=100,
        ),
    ]

    @model_validator(mode="after")
    def _can_be_kept(self) -> "Requests":
        self.stored()
        return self

    def stored(self) -> Golden:
        """The golden requests as they are stored."""
        return Golden(
            allowed=self.allowed,
            span=self.span,
            tolerance=self.tolerance or PRECISE * self.span,
            repeats_within=2 * self.tolerance if self.tolerance else 0.0,
            requests=tuple(expected.request() for expected in self.requests),
        )


class Evidence(Data):
    """The evidence file."""

    format: Annotated[Literal[1], Field(description="the version of this format", examples=[1])]
    service: Annotated[
        Text,
        Field(description="what the model is of; a release of another service breaks live's promise"),
        Field(examples=["churn"]),
    ]
    kind: Annotated[
        Kind,
        Field(description="what it answers: binary, multiclass, regression, ranking or other"),
        Field(examples=["binary"]),
    ]
    made_by: Annotated[
        Text,
        Field(description="who made image and model, for people", examples=["Ada, data science"]),
    ]
    artifact_sha256: Annotated[
        Sha256,
        Field(
            description="the SHA-256 of the artifact that was evaluated (sha256sum model.tar.gz)",
            examples=["9f86d081…"],
        ),
    ]
    image_digest: Annotated[
        Digest | None,
        Field(
            description="the digest of the image through which it was evaluated; another one is refused",
            examples=["sha256:2c26b46b…"],
        ),
    ] = None
    data_sha256: Annotated[
        Sha256, Field(description="the SHA-256 of the data that it was trained on", examples=["60303ae2…"])
    ]
    source: Annotated[
        dict[str, str | bool | int | None],
        Field(description="where it came from: commit, run, ticket", examples=[{"git_commit": "1a2b3c"}]),
    ] = Field(default_factory=dict)
    evaluation: Annotated[
        dict[str, Finite],
        Field(description="what was measured, by name; reports compare it", examples=[{"test_auc": 0.81}]),
        Field(min_length=1),
    ]
    gates: Annotated[
        tuple[Gate, ...],
        Field(
            description="the gates that were evaluated; one at least, as a release without would be unjudged",
            examples=[[{"name": "auc", "value": 0.81, "at_least": 0.75}]],
            min_length=1,
        ),
    ]
    input_schema: Annotated[
        dict[str, Any],
        Field(
            description="what callers may send and what the answer is; without features it promises nothing",
            examples=[{"features": [{"name": "age", "kind": "number"}], "output": {"name": "churns"}}],
        ),
    ] = Field(default_factory=dict)
    prints_windows: Annotated[
        bool,
        Field(
            description="whether it prints Slipway's windows (docs/telemetry.md); without them rollouts rest "
            "on SageMaker's own metrics",
            examples=[False],
        ),
    ] = False
    golden: Annotated[
        Requests,
        Field(
            description="the golden requests, sent after every change",
            examples=[{"tolerance": 0.001, "requests": ["…"]}],
        ),
    ]

    @field_validator("input_schema")
    @classmethod
    def _can_be_compared(cls, schema: dict[str, Any]) -> dict[str, Any]:
        wrong = request_schema.unreadable(schema)
        if wrong:
            raise ValueError(f"no later release could be compared with it: {wrong}")
        _refuse_not_finite("it", schema)
        return schema

    @property
    def content_types(self) -> list[str]:
        """The content types that callers may use: those of the golden requests."""
        return sorted({expected.request().content_type for expected in self.golden.requests})


def read(data: bytes, name: str) -> Evidence:
    """The evidence in a file. Raises UsageError that names each wrong key, its meaning and an example."""
    try:
        return Evidence.model_validate_json(data)
    except ValidationError as error:
        problems = "; ".join(_explained(detail) for detail in error.errors())
        raise UsageError(f"{name} is no evidence: {problems}.", "Nothing was changed.", HELP) from None


def compose(
    endpoint: str, image: ImageRecord, evidence: Evidence, artifact: ModelRecord
) -> tuple[Manifest, bytes]:
    """The manifest of a foreign release and its golden requests as they are stored.

    Raises UsageError where the evidence is that of another artifact or image.
    """
    for what, said, found in (
        ("artifact_sha256", evidence.artifact_sha256, artifact.sha256),
        ("image_digest", evidence.image_digest or image.digest, image.digest),
    ):
        if said != found:
            raise UsageError(
                f"The evidence is that of another release: its {what} is {said}, and what was given has "
                f"{found}.",
                "What was measured is not what would serve, so nothing was released.",
                f"Give the one that was evaluated; or evaluate this one, and write its {what}.",
            )
    golden = names.canonical_json(evidence.golden.stored().model_dump(mode="json"))
    schema = {**evidence.input_schema, "service": evidence.service, "content_types": evidence.content_types}
    content = Manifest(
        service=endpoint,
        image=image,
        model=artifact,
        input_schema=schema,
        source={**evidence.source, "made_by": evidence.made_by, "data_sha256": evidence.data_sha256},
        evaluation=dict(evidence.evaluation),
        gates=tuple(gate.result() for gate in evidence.gates),
        golden_sha256=hashlib.sha256(golden).hexdigest(),
        foreign=Foreign(kind=evidence.kind, prints_windows=evidence.prints_windows),
    )
    return content, golden


def every_key(kind: type[BaseModel] = Evidence, under: str = "") -> Iterator[tuple[str, str, Any, bool]]:
    """Every key of the file: its path, its meaning, an example, and whether it has to be there."""
    for name, field in kind.model_fields.items():
        example = field.examples[0] if field.examples else None
        yield f"{under}{name}", field.description or "", example, field.is_required()
        inner = _MODELS.get((kind, name))
        if inner is not None:
            several = "[]" if name in {"gates", "requests"} else ""
            yield from every_key(inner, f"{under}{name}{several}.")


_MODELS: Mapping[tuple[type[BaseModel], str], type[BaseModel]] = {
    (Evidence, "gates"): Gate,
    (Evidence, "golden"): Requests,
    (Requests, "requests"): Expected,
}


def _refuse_not_finite(what: str, value: Any) -> None:
    """Raise ValueError for a number that JSON cannot say: neither proves nor could be stored or sent."""
    found = answers.not_finite(value)
    if found:
        raise ValueError(f"{what} holds {found}, which is no finite number")


def _explained(detail: Mapping[str, Any]) -> str:
    """One of pydantic's errors: the key, what is wrong, what it means and an example."""
    path = [part for part in detail["loc"] if isinstance(part, str)]
    written = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in detail["loc"])
    known = {name.replace("[]", ""): (meaning, example) for name, meaning, example, _ in every_key()}
    said = nearby.wrong(Evidence, detail).removeprefix("Value error, ")
    if detail["type"] == "missing":
        said = "it is missing"
    # Deeper than the file's own keys (a value of a union, a member of `allowed`) the nearest key explains.
    while path and ".".join(path) not in known:
        path.pop()
    if not path:
        return f"{written.lstrip('.')}: {said}" if written else said
    meaning, example = known[".".join(path)]
    shown = json.dumps(example, ensure_ascii=False)
    return f'{written.lstrip(".")}: {said} (it is {meaning}; for example "{path[-1]}": {shown})'
