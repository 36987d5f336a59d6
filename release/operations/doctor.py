"""Doctor: why a release failed, in one paragraph, from everything that can still be asked.

Collecting never fails a command: what could not be asked is named in the paragraph. What the answers mean is
`release/domain/diagnosis/`.
"""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TypeVar

from release.domain import landed, names, plan
from release.domain.deployment import alarm_names
from release.domain.diagnosis.doctor import Diagnosis, diagnose
from release.domain.diagnosis.symptoms import Artifact, Symptoms
from release.domain.ledger import Closed, End, Entered, Opened, Subject
from release.domain.pins import ReleasePin
from release.ports import StagePorts, World

SLACK = timedelta(seconds=2)
"""How much the clocks of AWS and of whoever opened the rollout may differ."""
RECENT = timedelta(minutes=15)
"""How far back a stage is looked at that has no failed rollout."""
Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Examined:
    """One endpoint, examined. `diagnosis` is None where nothing is wrong."""

    stage: str
    endpoint: str
    about: str
    """What was looked at, in a few words."""
    diagnosis: Diagnosis | None
    checked: tuple[str, ...] = ()


@dataclass(frozen=True)
class Rollout:
    """A stage's last rollout to an endpoint, as its ledger has it. `end` is None while it is open."""

    subject: Subject
    at: datetime
    opened: Opened
    end: End | None
    reason: str


@dataclass
class Questions:
    """Asks, and keeps in mind what got no answer."""

    unasked: list[str] = field(default_factory=list)

    def ask(self, what: str, question: Callable[[], Answer], otherwise: Answer) -> Answer:
        """The answer, or `otherwise` when the question failed."""
        try:
            return question()
        except Exception as error:  # whatever a library behind a port raises
            self.unasked.append(f"{what} ({type(error).__name__})")
            return otherwise


def doctor(world: World, stage: str, endpoint: str | None) -> Examined:
    """What is wrong with an endpoint now, or was with its last rollout. Changes nothing."""
    ports = world.stage(world.stages.entry(stage).name)
    name = ports.settings.only_endpoint(endpoint)
    questions = Questions()
    rollout = questions.ask("the ledger", lambda: last_rollout(ports, name), None)
    if rollout and rollout.end is None and not rollout.reason:
        return _under_way(ports, name, rollout, questions)
    if rollout and rollout.end is not End.LANDED:
        verb = "was taken back" if rollout.end else "is being taken back"
        about = f"the {rollout.subject.kind} of {rollout.subject.release} {verb}"
        return Examined(ports.name, name, about, _of_rollout(ports, name, rollout, "", questions))
    return _of_now(ports, name, rollout, questions)


def _under_way(ports: StagePorts, endpoint: str, rollout: Rollout, questions: Questions) -> Examined:
    """A rollout on its way forward: well while its process lives."""
    found = questions.ask("the rollout's process", lambda: ports.ledger.open(endpoint), None)
    phase = found.phase.value if found else "opened"
    about = f"the {rollout.subject.kind} of {rollout.subject.release} is {phase}"
    if found and found.rests:
        return Examined(ports.name, endpoint, about, None, (f"an experiment runs: {found.compares}",))
    if found and questions.ask("the rollout's process", lambda: ports.ledger.alive(found), False):
        return Examined(ports.name, endpoint, about, None, ("its process is at work",))
    reason = f"stopped half-way at {phase}"
    return Examined(ports.name, endpoint, about, _of_rollout(ports, endpoint, rollout, reason, questions))


def paragraph(ports: StagePorts, endpoint: str, reason: str) -> str:
    """Why the rollout that has just ended failed, `reason` being what it said itself. Raises nothing."""
    questions = Questions()
    rollout = questions.ask("the ledger", lambda: last_rollout(ports, endpoint), None)
    return _of_rollout(ports, endpoint, rollout, reason, questions).paragraph


@contextmanager
def explaining(ports: StagePorts, endpoint: str) -> Generator[None]:
    """An error that leaves the block takes a note along where its words are a known failure's.

    Nothing is asked for it: AWS has just failed.
    """
    try:
        yield
    except Exception as error:
        found = diagnose(replace(_nothing_known(ports, endpoint), reason=str(error)))
        if found.known:
            error.add_note(found.paragraph)
        raise


def last_rollout(ports: StagePorts, endpoint: str) -> Rollout | None:
    """The endpoint's last rollout; None where there was none, or no ledger yet."""
    if not ports.ledger.exists():
        return None
    end: End | None = None
    reason = ""
    for stored in ports.ledger.newest_first():
        entry = stored.entry
        if entry.subject.endpoint != endpoint:
            continue
        match entry.what:
            case Closed() as what:
                end, reason = End(what.event), what.reason
            case Entered(reason=why):
                reason = reason or why
            case Opened() as what:
                at = datetime.fromisoformat(entry.at)
                return Rollout(entry.subject, at, what, end, reason)
    return None


def _of_rollout(
    ports: StagePorts, endpoint: str, rollout: Rollout | None, reason: str, questions: Questions
) -> Diagnosis:
    since = (rollout.at if rollout else ports.clock.now() - RECENT) - SLACK
    pin = rollout.opened.after.live if rollout else None
    why = reason or (rollout.reason if rollout else "")
    return diagnose(replace(_collected(ports, endpoint, pin, since, questions), reason=why))


def _of_now(ports: StagePorts, endpoint: str, rollout: Rollout | None, questions: Questions) -> Examined:
    """The endpoint as it is: what it has to serve, its alarms, and its containers of the last minutes.

    What was before the last rollout is no matter of what serves now.
    """
    since = ports.clock.now() - RECENT
    since = max(since, rollout.at - SLACK) if rollout else since
    live = ports.settings.endpoints[endpoint].pins.live
    wanted = plan.config_plan(ports.name, endpoint, live) if live else None
    symptoms = _collected(ports, endpoint, live, since, questions)
    name = symptoms.endpoint
    problem = questions.ask(
        "the landed check", lambda: landed.why(name, wanted, ports.endpoints.describe(name)), None
    )
    symptoms = replace(symptoms, reason=problem or "", unasked=tuple(questions.unasked))
    about = f"{live.release} is pinned" if live else "no release is pinned"
    ill = problem or symptoms.restarts or any(alarm.rang for alarm in symptoms.alarms)
    gone = live and (symptoms.image_present is False or symptoms.artifact in {"missing", "changed"})
    if ill or gone or symptoms.role_present is False or questions.unasked:
        return Examined(ports.name, endpoint, about, diagnose(symptoms))
    checked = (
        "SageMaker serves what the pin says",
        *(("image and artifact are whole",) if live else ()),
        f"{len(symptoms.alarms)} alarms are quiet",
        f"{len(symptoms.streams)} containers that started lately did not start again",
    )
    return Examined(ports.name, endpoint, about, None, checked)


def _collected(
    ports: StagePorts, endpoint: str, pin: ReleasePin | None, since: datetime, questions: Questions
) -> Symptoms:
    known = _nothing_known(ports, endpoint)
    name, group, ask = known.endpoint, known.log_group, questions.ask
    watched = [name, *([plan.config_plan(ports.name, endpoint, pin).name] if pin and pin.type else [])]
    alarms = [alarm for one in watched for alarm in alarm_names(one)]
    description = ask("SageMaker", lambda: ports.endpoints.describe(name), None)
    role = names.execution_role(ports.name, ports.settings.region)
    found = replace(
        known,
        failure_reason=landed.failure_reason(description),
        status=str((description or {}).get("EndpointStatus") or ""),
        streams=tuple(ask("the container's log", lambda: ports.signs.logs(group, since), ())),
        alarms=tuple(ask("the alarms", lambda: ports.signs.alarms(alarms, since), ())),
        role_present=ask("IAM", lambda: ports.role_exists(role), None),
    )
    if pin is not None:
        found = replace(
            found,
            release=pin.release,
            image_present=ask("the registry", lambda: ports.registry.has(pin.digest), None),
            artifact=ask("the artifact", lambda: _artifact(ports, pin), None),
            sandbox_image=ask("the manifest", lambda: _for_sandbox(ports, pin), False),
        )
    return replace(found, unasked=tuple(questions.unasked))


def _nothing_known(ports: StagePorts, endpoint: str) -> Symptoms:
    name, group = names.endpoint(endpoint, ports.name), names.log_group(endpoint, ports.name)
    return Symptoms(stage=ports.name, endpoint=name, log_group=group)


def _artifact(ports: StagePorts, pin: ReleasePin) -> Artifact | None:
    found = ports.artifacts.model_sha256(pin.model)
    if found is None:
        return "missing"
    return "intact" if found == pin.sha256 else "changed"


def _for_sandbox(ports: StagePorts, pin: ReleasePin) -> bool:
    return not ports.loopback and ports.artifacts.manifest(pin.release).image.runtime == "process"
