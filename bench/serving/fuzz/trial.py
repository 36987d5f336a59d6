"""One run against a server of its own: cases, then the documented API, then its end; and what was found."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.serving.fuzz.campaign import Campaign, Tally
from bench.serving.fuzz.documented import Documented, explore
from bench.serving.fuzz.draft import CANARY
from bench.serving.fuzz.findings import keep
from bench.serving.fuzz.vitals import ENOUGH_INPUTS, Look, ends, is_flat, look
from bench.serving.fuzz.warming import warm
from bench.serving.own_server import OwnServer, own_server
from model.serving.models.schema import parse_schema

LOOK_EVERY = 0.5
NOTE_EVERY = 10.0
_SHOWN = 3


@dataclass
class Found:
    """What a run showed."""

    tally: Tally
    documented: Documented
    seconds: float = 0.0
    looks: list[Look] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    """Everything that must not be, in words; empty when all was right."""
    kept: list[str] = field(default_factory=list)
    """Folders of the findings."""

    @property
    def rate(self) -> float:
        """Inputs a second."""
        return self.tally.sent / self.seconds if self.seconds else 0.0


@dataclass(frozen=True)
class Scope:
    """`inputs` cases from one seed, all of `kind` if one is given, for at most `seconds` (0: no limit)."""

    inputs: int
    seed: int
    documented: int = 0
    """Examples of schemathesis after them."""
    seconds: float = 0.0
    kind: str | None = None


def run(artifact: Path, folder: Path, scope: Scope, note: Callable[[str], None]) -> Found:
    """Fuzzes a server of the unpacked artifact; what is kept goes into `folder`. Raises ServerFailed."""
    schema = parse_schema((artifact / "schema.json").read_bytes())
    with own_server(artifact, folder) as server:
        warm(server.port, schema)
        campaign = Campaign(server.port, schema, scope.seed, range(scope.inputs), scope.kind)
        found = Found(campaign.tally, Documented())
        _fuzz(server, campaign, scope, found, note)
        if scope.documented and not found.wrong:
            note(f"schemathesis over /openapi.json: {scope.documented} examples")
            found.documented = explore(server.port, scope.documented, scope.seed)
        found.looks.append(look(server, 1.0))
        found.wrong += _wrong(found) + _ended(server)
        found.kept = [str(keep(finding, folder)) for finding in found.tally.findings]
    return found


def _fuzz(
    server: OwnServer, campaign: Campaign, scope: Scope, found: Found, note: Callable[[str], None]
) -> None:
    begun = noted = time.monotonic()
    campaign.start()
    try:
        while campaign.running:
            campaign.wait(LOOK_EVERY)
            now = time.monotonic()
            found.seconds = now - begun
            if server.process.poll() is not None:
                found.wrong.append(f"the server ended with {server.process.returncode}")
                break
            parts = (campaign.tally.sent / scope.inputs, scope.seconds and found.seconds / scope.seconds)
            found.looks.append(look(server, min(max(parts), 1.0)))
            if scope.seconds and found.seconds >= scope.seconds:
                break
            if now - noted > NOTE_EVERY:
                noted = now
                note(_progress(found))
    finally:
        campaign.stop()


def _progress(found: Found) -> str:
    tally, last = found.tally, found.looks[-1]
    return (
        f"{tally.sent} inputs ({found.rate:.0f}/s), {len(tally.findings)} findings,"
        f" worker {last.worker:.1f} MB, tables' child {last.helpers:.1f} MB, slowest {tally.slow[0][0]:.2f} s"
    )


def _wrong(found: Found) -> list[str]:
    wrong = []
    if findings := found.tally.findings:
        first = "; ".join(f"{f.case.number} ({f.case.kind}): {f.fault}" for f in findings[:_SHOWN])
        wrong.append(f"{len(findings)} findings: {first}")
    if found.documented.failures:
        wrong.append(f"the documented API: {'; '.join(found.documented.failures[:_SHOWN])}")
    before, after = ends(found.looks)
    if found.tally.sent >= ENOUGH_INPUTS and not is_flat(before, after):
        wrong.append(f"memory is not flat: {before:.1f} MB, then {after:.1f} MB")
    return wrong


def _ended(server: OwnServer) -> list[str]:
    """What is wrong with how the server is at the end, and with what it has said."""
    wrong = []
    if server.process.poll() is None and server.ping() != 200:
        wrong.append("/ping is not 200 at the end")
    server.terminate()
    if (code := server.ended()) != 0:
        wrong.append(f"after SIGTERM its exit code is {code}")
    printed = server.log + (server.folder / "stdout.jsonl").read_text(errors="replace")
    wrong += [f"its log: {line}" for line in _errors(server.log.splitlines())[:_SHOWN]]
    if CANARY in printed:
        wrong.append("it has printed what was in a body")
    return wrong


def _errors(lines: Sequence[str]) -> list[str]:
    return [line for line in lines if " ERROR " in line or line.startswith("Traceback")]
