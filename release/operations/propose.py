"""Propose: a promotion is proven as far as it can be with nothing changed in AWS, and put into a branch.

People review and merge it; `release/operations/merged.py` brings what was merged. Where no Git repository
tracks the stage's file there is no branch, and the diff and the text are all.
"""

from release.domain import approvals, experiment, gates, model_packages, past, proposal
from release.domain.english import begun_with_article
from release.domain.errors import Held, ReleaseFailed, UsageError
from release.domain.manifest import Manifest
from release.domain.pins import Proposed, ReleasePin
from release.domain.proposal import Proposal
from release.operations import entering, judging, quota, rollouts
from release.operations.promote import Coming, Order, arrived, placed, proven
from release.ports import Event, StagePorts, Tell, World
from release.report.proposal import Evidence, body


def propose(world: World, order: Order, tell: Tell) -> Proposal:
    """Verify the source, ask the target's gates, and put the change of the target's file into a branch.

    What only time or people can give (soak, a yes) may still be missing: the text says so. Raises
    ReleaseFailed where another gate says no, Held where a rollout is open, UsageError where there is nothing
    to propose or the checkout is not of today.
    """
    target = world.stage(world.stages.entry(order.target).name)
    endpoint = target.settings.only_endpoint(order.endpoint)
    checkout = target.repository.checkout()
    proposal.refuse_checkout(checkout, target.name)
    _refuse_open(target, endpoint)
    coming = proven(world, order, tell)
    target = coming.target
    _refuse_pending(target, endpoint, coming.content.id)
    _refuse_failed(world, coming)
    judging.refuse_impossible(target, endpoint, coming.content, order.strategy, tell)
    quota.refuse_short(target, endpoint, tell)
    return _written(coming, order, checkout is not None, tell)


def _written(coming: Coming, order: Order, tracked: bool, tell: Tell) -> Proposal:
    """The proposal; in a branch where the stage's file is `tracked` by Git."""
    target, endpoint, content = coming.target, coming.endpoint, coming.content
    live = rollouts.settings_of(target, endpoint).pins.live
    pin = placed(content, target)
    proposed = Proposed(
        release=pin.release,
        image=pin.image,
        model=pin.model,
        sha256=pin.sha256,
        source=coming.source.name,
        replaces=live.release if live else None,
        skip=coming.skip is not None,
        reason=order.reason,
        strategy=order.strategy,
    )
    edit = target.file.proposing(endpoint, proposed)
    message = proposal.message(target.name, endpoint, proposed)
    text = body(message.subject, _evidence(coming, order, edit.diff))
    branch = proposal.branch_of(target.name, endpoint, content.id)
    commit = target.repository.branch(branch, edit.after, message) if tracked else None
    if commit:
        tell(Event(f"{branch} holds the proposal in one commit, {commit}"))
    else:
        tell(Event(f"no Git repository tracks Pulumi.{target.name}.yaml, so there is no branch"))
    return Proposal(
        stage=target.name,
        endpoint=endpoint,
        release=content.id,
        replaces=proposed.replaces,
        title=message.subject,
        branch=branch,
        commit=commit,
        body=text,
        diff=edit.diff,
    )


def _refuse_open(target: StagePorts, endpoint: str) -> None:
    found = rollouts.found_open(target, endpoint)
    if found is None:
        return
    if found.rests:
        raise experiment.holds(target.name, found.subject.endpoint, found.compares)
    raise Held(
        f"{begun_with_article(found.subject.kind)} of {found.subject.release} is open in {target.name}.",
        "What will be live there is not known yet, so nothing was proposed.",
        f"Propose once it has ended: ./slipway status {target.name} says where it stands.",
    )


def _refuse_pending(target: StagePorts, endpoint: str, release: str) -> None:
    settings = rollouts.settings_of(target, endpoint)
    file, pending, live = f"Pulumi.{target.name}.yaml", settings.proposed, settings.pins.live
    if pending is not None:
        raise UsageError(
            f"{file} proposes {pending.release} for {endpoint} already, and that has not been rolled out.",
            "Of two proposals nobody could tell which counts, so nothing was proposed.",
            f"Roll it out: ./slipway promote {target.name} --merged; or take `proposed` out of {file} by a "
            "commit.",
        )
    if live is not None and live.release == release:
        raise UsageError(
            f"{target.name} serves {release} already.",
            "There is nothing to propose.",
            f"See ./slipway status {target.name}",
        )


def _refuse_failed(world: World, coming: Coming) -> None:
    """Refuse what neither time nor people's yes could let in, and a stage that has no place for it yet."""
    target, release = coming.target, coming.content.id
    bad = gates.failed(coming.results)
    if {gate.name for gate in bad} - gates.ASKING:
        waivable = entering.waivable(world.stages.entry(target.name), target, coming.content)
        reasons = "; ".join(f"{gate.name}: {gate.reason}" for gate in bad)
        raise ReleaseFailed(
            f"Release {release} is refused by {target.name}: {reasons}",
            "Nothing was proposed, and nothing was changed.",
            gates.next_step(bad, release, target.name, waivable),
        )
    if not target.artifacts.exists() or target.registry.uri() is None:
        raise UsageError(
            f"{target.name} has no bucket or registry yet: a proposal could not say where the release lies.",
            "Nothing was proposed.",
            f"Make them first: pulumi up --stack {target.name}; or bring its first release at once: "
            f"{target.entering}",
        )


def _evidence(coming: Coming, order: Order, diff: str) -> Evidence:
    target, source, content, found = coming.target, coming.source, coming.content, coming.found
    settings = rollouts.settings_of(target, coming.endpoint)
    came = arrived(source, coming.endpoint, content.id)
    return Evidence(
        stage=target.name,
        endpoint=coming.endpoint,
        live=settings.pins.live,
        coming=coming.pin,
        manifests=_manifests(coming, settings.pins.live),
        gates=coming.results,
        needed=_needed(coming),
        grounds=past.grounds(coming.skip, found.approvals, found.waivers, found.callers_know),
        source=source.name,
        lived=(source.clock.now() - came.at).total_seconds() if came else None,
        judged=came.judged if came else (),
        schema=entering.compared(target, coming.arrival),
        rollout=settings.rollout.by(order.strategy),
        reason=order.reason,
        diff=diff,
    )


def _manifests(coming: Coming, live: ReleasePin | None) -> tuple[Manifest, ...]:
    try:
        before = [coming.target.artifacts.manifest(live.release)] if live else []
    except UsageError:
        before = []
    return (*before, coming.content)


def _needed(coming: Coming) -> list[str]:
    """What time or people still have to give, with the command where there is one."""
    ask = approvals.command(coming.content.id, coming.target.name)
    by_people = {approvals.GATE, model_packages.GATE}
    return [
        f"{gate.name}: {gate.reason}" + (f" ({ask})" if gate.name in by_people else "")
        for gate in gates.failed(coming.results)
    ]
