"""What all operations that move traffic share: gates, taking the stage, and what a rollout came to."""

import uuid
from collections.abc import Callable, Mapping

from release.domain import gates, landed, ledger, names, plan
from release.domain.errors import Held, ReleaseFailed, ServiceError
from release.domain.fence import clear_command
from release.domain.ledger import (
    WAY_BACK,
    End,
    Entered,
    Opened,
    OpenRollout,
    Phase,
    Refused,
    Request,
    Resumed,
)
from release.domain.manifest import GateResult
from release.domain.pins import EndpointSettings, Pins
from release.operations import doctor, recording, registries, report
from release.ports import Event, StagePorts, Tell, World
from release.rollout import experimenting, runner
from release.rollout.runner import Ended
from release.rollout.smoke import smoke


def settings_of(ports: StagePorts, endpoint: str) -> EndpointSettings:
    """An endpoint's settings; the stage has it (`StageSettings.only_endpoint`)."""
    return ports.settings.endpoints[endpoint]


def pass_gates(
    ports: StagePorts, request: Request, results: list[GateResult], waivable: Mapping[str, str], tell: Tell
) -> None:
    """Insist that all gates passed; a refusal goes into the ledger, and raises ReleaseFailed.

    Those in `waivable` may be waived by a person, each by its command.
    """
    bad = gates.failed(results)
    tell(Event(f"gates: {len(results) - len(bad)} of {len(results)} passed"))
    if not bad:
        return
    reasons = tuple(f"{gate.name}: {gate.reason}" for gate in bad)
    if ports.ledger.exists():
        subject = ledger.Subject(
            kind=request.kind, endpoint=request.endpoint, release=request.release, rollout=""
        )
        ports.ledger.append(subject, Refused(reasons=reasons))
    raise ReleaseFailed(
        f"Release {request.release} is refused by {ports.name}: {'; '.join(reasons)}",
        "Nothing was pinned and no traffic moved.",
        gates.next_step(bad, request.release, ports.name, waivable),
    )


def found_open(ports: StagePorts, endpoint: str) -> OpenRollout | None:
    """What a command on the endpoint meets, its pins with instance types: the rollout that holds the stage,
    or the experiment that holds the endpoint; None when there is none."""
    found = ports.ledger.open(endpoint) if ports.ledger.exists() else None
    if found is None:
        return None
    about = ports.settings.endpoints.get(found.subject.endpoint) or settings_of(ports, endpoint)
    return found.on(about.instances.type)


def at_work(ports: StagePorts, found: OpenRollout) -> bool:
    """Whether a process works on an open rollout; nobody has to on an experiment that runs."""
    return not found.rests and ports.ledger.alive(found)


def admit(ports: StagePorts, request: Request) -> None:
    """Refuse early, before anything is copied, when the stage belongs to another rollout."""
    found = found_open(ports, request.endpoint)
    ledger.decide(found, found is not None and at_work(ports, found), request, ports.name)


def take(ports: StagePorts, request: Request, opened: Callable[[], Opened], tell: Tell) -> OpenRollout:
    """The rollout to work on: a new one that begins as `opened()` says, or the one that a dead process left.

    Raises ServiceError or Held when the stage is somebody else's (`ledger.decide`).
    """
    found = found_open(ports, request.endpoint)
    alive = found is not None and at_work(ports, found)
    decision = ledger.decide(found, alive, request, ports.name)
    if found is None or decision == "start":
        what = opened()
        _nothing_moved(ports, request.endpoint)
        subject = ledger.Subject(
            kind=request.kind,
            endpoint=request.endpoint,
            release=request.release,
            rollout=new_id(),
        )
        entry = ports.ledger.append(subject, what)
        _write_as_today(ports, tell)
        return OpenRollout(subject, what, entry.owner, Phase.OPENED)
    kind, release = found.subject.kind, found.subject.release
    resumes = f"resuming the {kind} of {release} that stopped at {found.phase.value!r}"
    ends = f"ending the experiment of {release}"
    tell(Event(ends if found.rests and decision == "take-back" else resumes, phase=found.phase))
    ports.ledger.append(found.subject, Resumed())
    if decision == "take-back" and found.phase not in WAY_BACK:
        gone = "taken back by a rollback while its own process was gone"
        reason = "the experiment was ended by a rollback" if found.rests else gone
        ports.ledger.append(found.subject, Entered(event=Phase.REVERTING, reason=reason))
        return OpenRollout(found.subject, found.opened, found.owner, Phase.REVERTING, reason=reason)
    return found


def new_id() -> str:
    """The id of a new rollout, or of what is recorded like one."""
    return uuid.uuid4().hex[:12]


def _nothing_moved(ports: StagePorts, endpoint: str) -> None:
    """Refuse when a rollout was opened, or the pins changed, since this command read them.

    Asked after everything else that looks into the ledger and before the entry that takes the stage: whoever
    writes in between takes that entry's number.
    """
    if found_open(ports, endpoint) is not None:
        raise overtaken(ports, endpoint)
    if ports.file.pins(endpoint) != settings_of(ports, endpoint).pins:
        raise overtaken(ports, endpoint)


def overtaken(ports: StagePorts, endpoint: str) -> ServiceError:
    """The error of a command that decided on something that is past."""
    return ServiceError(
        f"Another command changed {endpoint} in {ports.name} while this one began.",
        "Nothing was changed by this one.",
        f"See ./slipway status {ports.name}, then run this again.",
    )


def _write_as_today(ports: StagePorts, tell: Tell) -> None:
    """Rewrite the pins of a stage file that an earlier version wrote, once."""
    if not ports.former:
        return
    tell(Event(f"Pulumi.{ports.name}.yaml was written by an earlier version: its pins are rewritten"))
    for name, settings in ports.settings.endpoints.items():
        ports.file.write(name, settings.pins)


def carry_out(ports: StagePorts, rollout: OpenRollout, tell: Tell) -> Ended:
    """Bring the rollout to its end. Raises Held when not even the way back could be verified."""
    endpoint = rollout.subject.endpoint
    with doctor.explaining(ports, endpoint):
        ended = runner.run(ports, rollout, tell)
    if ended.end is None:
        recording.experiment(ports, rollout, tell)
        return ended
    _report(ports, rollout, tell)
    if ended.end is End.HELD:
        raise Held(
            f"{ports.name} could not be taken back: {ended.reason}",
            "The rollout stays open in the ledger, so nothing else can start here. "
            + doctor.paragraph(ports, endpoint, ended.reason),
            "Look at the endpoint in SageMaker, then run the same command again; or end it where it stands: "
            f"./slipway unlock {ports.name} --reason 'why'",
        )
    pins = rollout.opened.after if ended.end is End.LANDED else rollout.opened.before
    registries.tell(ports, endpoint, pins, rollout.id, tell)
    recording.rollout(ports, endpoint, tell)
    return ended


def watched(
    ports: StagePorts, rollout: OpenRollout, over: Callable[[], str | None], tell: Tell
) -> Ended | None:
    """How an experiment ended that the judge watched and took back; None where it ended otherwise."""
    with doctor.explaining(ports, rollout.subject.endpoint):
        reverts = experimenting.watch(ports, rollout, over, tell)
    return carry_out(ports, reverts, tell) if reverts else None


def _report(ports: StagePorts, rollout: OpenRollout, tell: Tell) -> None:
    """Keep the report of a judged rollout beside its evidence. That it cannot be kept fails nothing."""
    if rollout.opened.judge is None:
        return
    try:
        made = report.of(ports, rollout.id, None, keep=True)
    except Exception as error:
        tell(Event(f"its report could not be kept ({error}); ./slipway report {ports.name} makes it"))
        return
    tell(Event(f"its report: {made.kept[0]}"))


def taken_back(ports: StagePorts, endpoint: str, release: str, ended: Ended) -> ReleaseFailed:
    """The error that says why a release did not land, and what serves instead."""
    now = f"{ended.serves} serves" if ended.serves else "the endpoint is gone, as before"
    fenced = release != ended.serves
    mark = " It is fenced: no stage accepts it." if fenced else ""
    clear = f" If it is not to blame: {clear_command(release)}" if fenced else ""
    return ReleaseFailed(
        f"Release {release} did not land in {ports.name}: {ended.reason}",
        f"It was taken back: {now}; the pins and the stack are as they were.{mark}",
        f"{doctor.paragraph(ports, endpoint, ended.reason)}{clear}",
    )


def serves_already(ports: StagePorts, endpoint: str, release: str, tell: Tell) -> bool:
    """Whether the stage serves exactly this release, proven again, and nothing is open."""
    pins = settings_of(ports, endpoint).pins
    if pins.live is None or pins.live.release != release or found_open(ports, endpoint):
        return False
    name = names.endpoint(endpoint, ports.name)
    wanted = plan.config_plan(ports.name, endpoint, pins.live)
    if landed.compare(name, wanted, ports.endpoints.describe(name)):
        return False
    tell(Event(f"{release} is live already; sending the golden requests"))
    golden, _ = ports.artifacts.golden(ports.artifacts.manifest(release))
    return smoke(ports.endpoints, name, golden) is None


def provision(world: World, ports: StagePorts, tell: Tell) -> StagePorts:
    """Bring a stage into being that has no bucket or registry: a release needs somewhere to go.

    Returns the stage as it is then. What the file of one names of which nothing is there any more is named
    no more: it could not serve again.
    """
    if _provisioned(ports):
        return ports
    ports.stack.ready()
    if not ports.artifacts.exists() and ports.registry.uri() is None:
        for name, settings in ports.settings.endpoints.items():
            if settings.pins != Pins():
                tell(Event(f"nothing of {ports.name} is there: the pins of {name} go, and it begins anew"))
                ports.file.write(name, Pins())
    tell(Event(f"{ports.name} has no bucket or registry yet: pulumi up first"))
    ports.stack.up()
    if not _provisioned(ports):
        raise ServiceError(
            f"{ports.name} still has no bucket or registry after pulumi up.", "Nothing was released."
        )
    return world.stage(ports.name)


def _provisioned(ports: StagePorts) -> bool:
    return ports.artifacts.exists() and ports.registry.uri() is not None
