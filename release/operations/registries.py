"""What the model registries are told: what serves, what asks to enter, and who said yes. Nothing moves.

MLflow's is the project's; in SageMaker's each stage that asks for it has groups of its own. A registry that
cannot be told what serves fails nothing: the traffic has moved by then, and `apply` tells it again.
"""

from collections.abc import Callable, Sequence

from release.domain import gates, model_packages, model_versions
from release.domain.approvals import Asked
from release.domain.errors import SlipwayError
from release.domain.manifest import GateResult, Manifest
from release.domain.model_packages import Package
from release.domain.model_versions import Mark
from release.domain.pins import Pins, ReleasePin
from release.domain.said import shown
from release.ports import Event, StagePorts, Tell

_MLFLOW, _SAGEMAKER = "the model registry", "SageMaker's Model Registry"


def tell(ports: StagePorts, endpoint: str, pins: Pins, rollout: str | None, tell: Tell) -> None:
    """Have the registries say what serves (after this rollout)."""
    if pins.live is None:
        return
    marks = model_versions.marks(ports.name, ports.last, pins, rollout)
    for name, told in (
        (_MLFLOW, lambda live: _tell_mlflow(ports, live, marks)),
        (_SAGEMAKER, lambda live: _tell_sagemaker(ports, endpoint, live, pins, marks)),
    ):
        try:
            lacking = told(pins.live)
        except Exception as error:
            again = f"./slipway apply {ports.name} tells it"
            tell(Event(f"{name} does not say what {ports.name} serves ({_cause(error)}); {again}"))
        else:
            if lacking:
                tell(Event(f"{name} {lacking}"))


def _tell_mlflow(ports: StagePorts, live: ReleasePin, marks: Sequence[Mark]) -> str:
    if not ports.models.exists:
        return ""
    content = ports.artifacts.manifest(live.release)
    if content.foreign is not None:
        return (
            f"does not say what {ports.name} serves: it knows no container of others, and its aliases still "
            "name what served before"
        )
    service = content.trained_as
    missing = set(ports.models.mark(service, marks))
    releases = {mark.sha256: mark.tags["slipway.release"] for mark in marks if mark.sha256 in missing}
    ours = [sha256 for sha256, of in releases.items() if ports.artifacts.manifest(of).foreign is None]
    if not ours:
        return ""
    lacking = ", ".join(sha256[:12] for sha256 in ours)
    return (
        f"does not say all of what {ports.name} serves and would go back to: no version of {service} there "
        f"has the bytes {lacking}. Where their training still waits to be sent: ./slipway track --resend, "
        f"then ./slipway apply {ports.name}"
    )


def _tell_sagemaker(
    ports: StagePorts, endpoint: str, live: ReleasePin, pins: Pins, marks: Sequence[Mark]
) -> str:
    if ports.settings.model_packages == "none":
        return ""
    package = _version(ports, endpoint, live)
    if package is None:
        package = ports.packages.register(endpoint, ports.artifacts.manifest(live.release), live)
    numbers = {live.release: package.number}
    if pins.previous and (former := _version(ports, endpoint, pins.previous)):
        numbers[pins.previous.release] = former.number
    ports.packages.mark(endpoint, model_packages.tags(marks, numbers))
    return ""


def version(ports: StagePorts, endpoint: str, content: Manifest) -> Package | None:
    """The version of exactly this release, for exactly this stage; None where there is none."""
    found = ports.packages.versions(endpoint, content.id)
    return model_packages.of(found, content.image.digest, ports.artifacts.model_uri(content.model.sha256))


def approved(ports: StagePorts, endpoint: str, content: Manifest) -> bool:
    """Whether the version of exactly this release stands approved."""
    if ports.settings.model_packages == "none":
        return False
    package = version(ports, endpoint, content)
    return package is not None and package.status == "Approved"


def _version(ports: StagePorts, endpoint: str, pin: ReleasePin) -> Package | None:
    return model_packages.of(ports.packages.versions(endpoint, pin.release), pin.digest, pin.model)


def offer(
    ports: StagePorts,
    endpoint: str,
    content: Manifest,
    results: list[GateResult],
    bring: Callable[[], ReleasePin],
    tell: Tell,
) -> list[GateResult]:
    """Make the version that people are to approve, where nothing but people's word is missing.

    `bring` brings image and artifact to the stage, as a version names them there. Returns the gates' results
    as they are then.
    """
    lacking = {gate.name for gate in gates.failed(results)}
    if model_packages.GATE not in lacking or not lacking <= gates.ASKING:
        return results
    if version(ports, endpoint, content) is not None:
        return results
    package = ports.packages.register(endpoint, content, bring())
    tell(Event(f"{content.id} is {package.arn} now, for people to approve"))
    waits = model_packages.gate(package, (), Asked(0, 1), ports.clock.now())
    return [waits if gate.name == model_packages.GATE else gate for gate in results]


def say(ports: StagePorts, endpoint: str, content: Manifest, approved: bool, words: str, tell: Tell) -> bool:
    """Have the registries say that people approved a release for the stage, or took that back.

    `words` say who, why and on which evidence. That a registry cannot be told fails nothing: the stage's own
    record counts. False where the stage waits for its version's approval all the same.
    """
    key = f"slipway.approval.{ports.name}"
    what = "approved" if approved else "taken back"
    try:
        if ports.models.exists:
            mark = Mark(content.model.sha256, (), {key: f"{what}: {words}"})
            ports.models.mark(content.trained_as, [mark])
    except Exception as error:
        tell(Event(f"{_MLFLOW} does not say so ({_cause(error)})"))
    asked = ports.settings.model_packages
    return asked == "none" or _decide(ports, endpoint, content, approved, words, tell) or asked != "approved"


def _decide(
    ports: StagePorts, endpoint: str, content: Manifest, approved: bool, words: str, tell: Tell
) -> bool:
    try:
        package = version(ports, endpoint, content)
        if package is None:
            again = f"{ports.entering} makes one, which then waits for the same yes"
            tell(Event(f"{_SAGEMAKER} has no version of it yet: {again}"))
            return False
        ports.packages.decide(package, "Approved" if approved else "Rejected", words)
    except Exception as error:
        tell(Event(f"{_SAGEMAKER} does not say so ({_cause(error)}): decide it there, in the console"))
        return False
    done = "approved" if approved else "rejected"
    tell(Event(f"version {package.number} in {_SAGEMAKER} is {done} by {shown(ports.caller().arn)}"))
    return True


def _cause(error: Exception) -> str:
    return error.cause if isinstance(error, SlipwayError) else str(error)
