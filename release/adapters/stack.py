"""A stage's Pulumi stack, driven through the Automation API on the same program that `pulumi up` runs.

Besides running it, this module clears what a killed run leaves behind: its lock on a file or bucket backend,
and creates that the engine began and never heard the end of (`release/adapters/orphans.py`).
"""

import os
import re
import shutil
import socket
import tempfile
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

from pulumi import automation as auto
from pulumi.automation import errors as auto_errors
from pulumi.automation.events import EngineEvent, StepEventMetadata

from release.adapters import checkpoints, stage_file
from release.adapters.aws import StageAws
from release.adapters.orphans import settle_creates
from release.adapters.owner import process_alive
from release.domain import names
from release.domain.errors import ApplyFailed, ServiceError, UsageError
from release.domain.planned import Change, Deed

Say = Callable[[str], None]
LOCK = re.compile(r"created by (?P<user>.+)@(?P<host>.+) \(pid (?P<pid>\d+)\)(?: at (?P<at>\S+))?")
LOCK_FILE = re.compile(r"file://\S+/\.pulumi/locks/\S+\.json")
_PROTECTED = re.compile(r"urn:pulumi:(?P<urn>[^\s\"']+)[^.]*?\bprotect(?:ed|ion)\b", re.DOTALL)
LOCK_PATIENCE = 600.0
READ_ATTEMPTS = 4
BACKEND = "PULUMI_BACKEND_URL"
POLL_SECONDS = 0.5
OURS = ("pulumi:", "slipway:")
_BUCKET = "aws:s3/bucket:Bucket::storage"
_ENDPOINT = "aws:sagemaker/endpoint:Endpoint"
Result = TypeVar("Result")
DEEDS = {
    "create": Deed.CREATE,
    "update": Deed.CHANGE,
    "delete": Deed.DELETE,
    **dict.fromkeys(("replace", "create-replacement", "delete-replaced"), Deed.REPLACE),
}
SHOWN = {"create": "+", "update": "~", "replace": "±", "create-replacement": "+", "delete": "-"}


class _BareStack(auto.Stack):
    """The stack `made`, whose `up` ends with the engine.

    The Automation API asks for outputs and history after each: three more runs of pulumi for what nobody
    here reads.
    """

    def __init__(self, made: auto.Stack) -> None:
        self.name = made.name
        self.workspace = made.workspace

    def outputs(self) -> auto.OutputMap:
        """None."""
        return {}

    def info(self, show_secrets: bool = True) -> auto.UpdateSummary:
        """That it succeeded: otherwise `up` has raised."""
        return auto.UpdateSummary("update", datetime.now(UTC), "", {}, {}, "succeeded")


@dataclass
class PulumiStack:
    """The stack of one stage in one project folder."""

    project: Path
    aws: StageAws
    say: Say
    left: Callable[[str, datetime], bool] = lambda host, at: False
    """Whether a lock made on this host at this time is of a process that is known to be gone."""
    _errors: list[str] = field(default_factory=list)
    _stack: auto.Stack | None = None
    _endpoints: set[str] | None = None
    """Names of the endpoints in the stack's state, with nothing to settle.

    None before a look at it, and after a failure.
    """

    def up(self, endpoint: str | None = None) -> None:
        """Refresh, then apply the stage's data.

        With `endpoint` only that endpoint's resources are looked at, where the stack has them already: in a
        stage of many endpoints the others cost nothing, and what somebody changed for them stays for their
        own next `pulumi up`. Raises ApplyFailed with the engine's errors, ServiceError when the stack stays
        locked.
        """
        stack = self._stack = self._stack or self._select()
        self._errors.clear()
        known, self._endpoints = self._endpoints, None

        def work() -> set[str]:
            there = known
            name = names.endpoint(endpoint, self.aws.stage) if endpoint else None
            if there is None or (name and name not in there):
                there = _endpoints_in(settle_creates(stack, self.aws, self.say, name))
            if endpoint and name in there:
                with self._declaring_only(stack, endpoint):
                    stack.up(
                        refresh=True,
                        target=targets_of(endpoint, self.aws.stage),
                        on_event=self._on_event,
                        color="never",
                    )
            else:
                stack.up(refresh=True, on_event=self._on_event, color="never")
            return there | {name} if name else there

        self._endpoints = self._unlocked(work, lambda _text: stack.cancel())

    def preview(self) -> tuple[Change, ...] | None:
        """What `up` would do, None where the stage has no stack. It takes no lock, and changes nothing.

        Raises ApplyFailed with the engine's errors. That something is protected is none of them: the engine
        has said by then what it would do.
        """
        found: dict[str, Change] = {}

        def note(event: EngineEvent) -> None:
            self._note_error(event)
            if event.resource_pre_event and (change := _change(event.resource_pre_event.metadata)):
                found[event.resource_pre_event.metadata.urn] = change

        self._errors.clear()
        try:
            stack = auto.select_stack(stack_name=self.aws.stage, work_dir=str(self.project))
            stack.preview(refresh=True, on_event=note, color="never")
        except auto_errors.StackNotFoundError:
            return None
        except auto_errors.CommandError as error:
            if not _PROTECTED.search(f"{'; '.join(self._errors)} {error}"):
                raise self._failure(error) from None
        except FileNotFoundError:
            raise _no_pulumi() from None
        return tuple(found.values())

    @contextmanager
    def _declaring_only(self, stack: auto.Stack, endpoint: str) -> Generator[None]:
        """Have the program declare this endpoint alone, of those that the stage has.

        An update of targets leaves everything else as it is in the state, declared or not, and a program
        that declares a hundred endpoints takes its time. The endpoint is told by a file that is gone
        afterwards, so that no variable that somebody left behind narrows a whole `pulumi up`.
        """
        workspace, variables = stack.workspace, stack.workspace.env_vars
        with tempfile.TemporaryDirectory(prefix="slipway-") as folder:
            told = Path(folder) / "endpoint"
            told.write_text(endpoint)
            workspace.env_vars = {**variables, names.DECLARED_ONLY: str(told)}
            try:
                yield
            finally:
                workspace.env_vars = variables

    def ready(self) -> None:
        """Raises UsageError where `up` could not even begin, or the stack is of another account or region."""
        try:
            stack = self._stack = self._stack or self._select()
            self._unlocked(lambda: self._probe(stack), lambda _text: stack.cancel())
        except ServiceError as error:
            raise UsageError(
                f"Pulumi is not ready for {self.aws.stage}: {error.cause}",
                "Nothing was recorded, pinned or moved.",
                f"Correct the backend ({BACKEND}), the secrets (PULUMI_CONFIG_PASSPHRASE, or the key) or the "
                "plugin, then run this again. A rollback needs none of them.",
            ) from None

    def _probe(self, stack: auto.Stack) -> None:
        """Read the state, encrypt something, have the provider's plugin: each fails with its own words."""
        with ThreadPoolExecutor() as pool:
            plugin = pool.submit(stack.workspace.install_plugin, "aws", f"v{version('pulumi_aws')}")
            secret = pool.submit(self._encrypt, stack)
            deployment = stack.export_stack().deployment or {}
            resources = deployment.get("resources") or []
            self._of_this_place(resources)
            self._endpoints = None if deployment.get("pending_operations") else _endpoints_in(resources)
            for asked in (secret, plugin):
                asked.result()

    def _of_this_place(self, resources: Sequence[Mapping[str, Any]]) -> None:
        held = place_of(resources)
        wanted = names.bucket(self.aws.stage, self.aws.account, self.aws.region)
        if held not in (None, wanted):
            raise UsageError(
                f"The stack {self.aws.stage} holds the bucket {held}; by its settings it would be {wanted}.",
                "Pulumi would make the stage anew in another account or region and delete this one, so "
                "nothing was changed.",
                f"Correct slipway:account and aws:region in Pulumi.{self.aws.stage}.yaml.",
            )

    def _encrypt(self, stack: auto.Stack) -> None:
        file = self.project / f"Pulumi.{self.aws.stage}.yaml"
        with tempfile.TemporaryDirectory(prefix="slipway-") as folder:
            copy = shutil.copy(file, folder)
            words = ["config", "set", "--secret", "slipway:probe", "-", "--config-file", str(copy)]
            stack.workspace.pulumi_command.run(
                [*words, "--stack", self.aws.stage, "--non-interactive"],
                str(self.project),
                stack.workspace.env_vars,
            )

    def _select(self) -> auto.Stack:
        def work() -> auto.Stack:
            return _BareStack(
                auto.create_or_select_stack(stack_name=self.aws.stage, work_dir=str(self.project))
            )

        try:
            made = self._unlocked(work, _unlink_locks)
            stage_file.mend_booleans(self.project / f"Pulumi.{self.aws.stage}.yaml")
            return made
        except FileNotFoundError:
            raise _no_pulumi() from None

    def _unlocked(self, work: Callable[[], Result], unlock: Callable[[str], None]) -> Result:
        """Run `work`; wait for a living run's lock, `unlock` a dead one's, given the engine's words."""
        deadline = time.monotonic() + LOCK_PATIENCE
        waited_for = None
        unreadable = 0
        while True:
            try:
                return work()
            except auto_errors.CommandError as error:
                if checkpoints.UNREADABLE in str(error) and unreadable < READ_ATTEMPTS:
                    unreadable += 1
                    # A writer that lives is done in a moment; one that was killed has left it so.
                    time.sleep(POLL_SECONDS)
                    if unreadable > 1:
                        done = checkpoints.restore(self.aws.stage, os.environ.get(BACKEND, ""))
                        self.say(done or "the stack's state cannot be read: trying again")
                    continue
                # that a stack is locked while it is made is no ConcurrentUpdateError to the Automation API
                lock = LOCK.search(str(error))
                if lock is None and not isinstance(error, auto_errors.ConcurrentUpdateError):
                    raise self._failure(error) from None
                if lock is None or time.monotonic() > deadline:
                    raise _locked(self.aws.stage, str(error)) from None
                pid, here = int(lock["pid"]), lock["host"] == socket.gethostname()
                if self._is_left(lock) or (here and not process_alive(pid)):
                    where = f"process {pid}" if here else f"process {pid} on {lock['host']}"
                    self.say(f"the stack is locked by pulumi {where}, which is gone: breaking its lock")
                    unlock(str(error))
                elif not here:
                    raise _locked(self.aws.stage, str(error)) from None
                elif waited_for != pid:
                    waited_for = pid
                    self.say(f"waiting for pulumi process {pid} of an earlier run to end")
                time.sleep(POLL_SECONDS)

    def _is_left(self, lock: re.Match[str]) -> bool:
        """Whether the lock is of a run whose command the ledger knows to be dead."""
        try:
            return self.left(lock["host"], datetime.fromisoformat(lock["at"] or ""))
        except (ValueError, TypeError):  # the engine's words have no time that can be read
            return False

    def _on_event(self, event: EngineEvent) -> None:
        if event.resource_pre_event:
            metadata = event.resource_pre_event.metadata
            sign = SHOWN.get(str(getattr(metadata.op, "value", metadata.op)))
            if sign and not metadata.type.startswith(OURS):
                self.say(f"{sign} {metadata.type.rpartition(':')[2]} {metadata.urn.rpartition('::')[2]}")
        self._note_error(event)

    def _note_error(self, event: EngineEvent) -> None:
        if event.diagnostic_event and event.diagnostic_event.severity == "error":
            text = event.diagnostic_event.message.strip()
            if text and text not in self._errors:
                self._errors.append(text)

    def _failure(self, error: Exception) -> ServiceError:
        what = "; ".join(self._errors) or _stderr(str(error))
        if protected := _PROTECTED.search(f"{what} {error}"):
            # The engine's advice is to take the protection away: that is how a way back gets lost.
            stage, name = self.aws.stage, protected["urn"].rpartition("::")[2]
            return ApplyFailed(
                f"pulumi would delete or replace {name} in stage {stage}, which is protected.",
                "It serves, or is needed for the way back, so nothing of it was changed.",
                f"Let the stage's file name what it has: ./slipway sync {stage}; ./slipway status {stage} "
                "says what else differs.",
            )
        return ApplyFailed(
            f"pulumi failed in stage {self.aws.stage}: {what}",
            "What it had done before is in the stack's state and in the ledger.",
            "Correct the cause, then run the same command again.",
        )


def _no_pulumi() -> UsageError:
    return UsageError("pulumi is not on PATH.", "Nothing was changed.", "Run make setup.")


def _change(metadata: StepEventMetadata) -> Change | None:
    """A step of the engine's as a change of a resource; None for what changes nothing in AWS."""
    deed = DEEDS.get(str(getattr(metadata.op, "value", metadata.op)))
    if deed is None or metadata.type.startswith(OURS):
        return None
    properties = (metadata.keys if deed is Deed.REPLACE else metadata.diffs) or ()
    return Change(deed, metadata.type, metadata.urn.rpartition("::")[2], tuple(properties))


def place_of(resources: Sequence[Mapping[str, Any]]) -> str | None:
    """The bucket that a stack's state holds: its name says account and region. None where it has none."""
    buckets = (found for found in resources if found["urn"].endswith(_BUCKET))
    return next((str((found.get("inputs") or {}).get("bucket")) for found in buckets), None)


def _endpoints_in(resources: Sequence[Mapping[str, Any]]) -> set[str]:
    urns = [resource["urn"] for resource in resources]
    return {urn.rpartition("::")[2] for urn in urns if f"{_ENDPOINT}::" in urn}


def targets_of(endpoint: str, stage: str) -> list[str]:
    """Patterns of the URNs of one endpoint's resources: all that its components declare."""
    name = names.endpoint(endpoint, stage)
    components = ("serving", "alarms", "health", "logs", "autoscaling", "permissions")
    own = [name, f"{name}-*", *(f"{endpoint}-{component}" for component in components)]
    return [f"urn:pulumi:{stage}::**::{pattern}" for pattern in own]


def _unlink_locks(text: str) -> None:
    """Delete the lock files that the engine names: `pulumi cancel` knows no stack that was never made.

    Where the backend is no folder the lock stays, and after LOCK_PATIENCE the caller is told of it.
    """
    for url in LOCK_FILE.findall(text):
        Path(unquote(urlsplit(url).path)).unlink(missing_ok=True)


def _locked(stage: str, text: str) -> ServiceError:
    holder = LOCK.search(text)
    who = f" by {holder['user']} on {holder['host']}, process {holder['pid']}" if holder else ""
    return ServiceError(
        f"The stack {stage} is locked{who}.",
        "Another update may be under way, so nothing was changed.",
        f"Wait for it, or, if that process is gone, run: pulumi cancel --stack {stage}; then run this again.",
    )


def _stderr(text: str) -> str:
    found = re.search(r"stderr: (?P<text>.*)", text, re.DOTALL)
    return " ".join((found["text"] if found else text).split())[-600:]
