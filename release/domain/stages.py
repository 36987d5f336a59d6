"""The stages in their order, and what a release needs to enter each: data of Pulumi.yaml, under `stages:`.

    stages:
      - {name: dev, gates: [calibration, parity]}
      - {name: staging, gates: [calibration, parity], soak_minutes: 30}
      - {name: prod, gates: [calibration, parity], approvals: 1, skip: false}

Pure: who reads the file is `release/adapters/stage_file.py`.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from pydantic import Field, StringConstraints, ValidationError, field_validator, model_validator

from release.domain import former, model_versions, nearby
from release.domain.approvals import Asked
from release.domain.errors import UsageError
from release.domain.pins import Data, ReleaseId

EXAMPLE = "stages:\n  - {name: dev}\n  - {name: staging}\n  - {name: prod}"


class StageEntry(Data):
    """What a release needs to enter one stage."""

    name: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]{0,11}$")]
    """The stage's name, which is its stack's too."""
    gates: tuple[str, ...] = ()
    """Gates of the release's evidence that must have passed, by name."""
    soak_minutes: Annotated[int, Field(ge=0)] = 0
    """How long the release has to be live in the stage before, without a rollout there since."""
    approvals: Annotated[int, Field(ge=0, le=2)] = 0
    """How many people, none of whom released it, have to say yes (`./slipway approve`)."""
    approval_days: Annotated[int, Field(ge=1, le=365)] = 14
    """For how many days a yes counts."""
    named_sessions: tuple[str, ...] = ()
    """Roles whose session names an identity provider sets, so that each session is a person of its own."""
    waivers: bool = False
    """Whether a person may waive a quality gate here (`./slipway waive`)."""
    skip: bool = True
    """Whether a release may come here past the stage before, with a reason that is recorded."""
    callers_know: tuple[ReleaseId, ...] = ()
    """Releases that may refuse requests, or change the answers, of what is live: all callers know of it."""

    @field_validator("name")
    @classmethod
    def _no_alias(cls, name: str) -> str:
        if name in model_versions.NO_STAGES:
            taken = ", ".join(model_versions.NO_STAGES)
            raise ValueError(f"{name} is no name for a stage, as the model registry has aliases {taken}")
        return name

    @model_validator(mode="before")
    @classmethod
    def _of_today(cls, values: Any) -> Any:
        return former.stage_entry(values)

    @property
    def asked(self) -> Asked:
        """Whose yes a release needs to enter."""
        return Asked(self.approvals, self.approval_days, self.named_sessions)


class Stages(Data):
    """All stages, first to last."""

    entries: Annotated[tuple[StageEntry, ...], Field(min_length=1)]

    @property
    def names(self) -> tuple[str, ...]:
        """The stages' names, first to last."""
        return tuple(entry.name for entry in self.entries)

    def entry(self, name: str) -> StageEntry:
        """The entry of a stage. Raises UsageError for a stage that is not listed."""
        for entry in self.entries:
            if entry.name == name:
                return entry
        raise UsageError(
            f"There is no stage {name!r}.",
            "Nothing was changed.",
            f"Use one of: {', '.join(self.names)}. (A new stage is listed under `stages:` in Pulumi.yaml.)",
        )

    def before(self, name: str) -> str:
        """The stage from which a release comes to `name`. Raises UsageError for the first stage."""
        place = self.names.index(self.entry(name).name)
        if place == 0:
            raise UsageError(
                f"{name} is the first stage: nothing is promoted to it.",
                "Nothing was changed.",
                f"Release to it: {self.entering(name)}",
            )
        return self.names[place - 1]

    def entering(self, name: str) -> str:
        """The command by which a release enters a stage, past no other."""
        first = self.entry(name).name == self.names[0]
        return f"./slipway release --stage {name}" if first else f"./slipway promote {name}"

    def step_by_step(self, source: str | None, target: str) -> str:
        """The commands that bring a release from `source` (None: the build) to `target`, past no stage."""
        return ", then ".join(map(self.entering, (*self.skipped(source, target), target)))

    def skipped(self, source: str | None, target: str) -> tuple[str, ...]:
        """The stages that a release leaves out on its way from `source` (None: from the build) to `target`.

        Raises UsageError when the way leads backwards.
        """
        end = self.names.index(self.entry(target).name)
        start = -1 if source is None else self.names.index(self.entry(source).name)
        if start >= end:
            raise UsageError(
                f"{target} does not come after {source}: the order is {', '.join(self.names)}.",
                "Nothing was changed.",
                f"For another release in {target}: {self.entering(target)}; "
                f"for its previous one: ./slipway rollback {target}",
            )
        return self.names[start + 1 : end]


def parse(project: Mapping[str, Any], files: Sequence[str]) -> Stages:
    """The stages of a Pulumi.yaml's content. `files` are the stages that have a Pulumi.<stage>.yaml.

    A project that lists none has the stages of its files in alphabetical order, `dev` first: what was there
    before stages were listed. Raises UsageError that names the wrong key.
    """
    listed = project.get("stages")
    if listed is None:
        known = sorted(files, key=lambda name: (_USUAL.get(name, len(_USUAL)), name))
        listed = [{"name": name} for name in known]
    try:
        stages = Stages.model_validate({"entries": listed})
    except ValidationError as error:
        found = "; ".join(
            f"{'.'.join(map(str, ('stages', *e['loc'][1:])))}: {nearby.wrong(Stages, e)}"
            for e in error.errors()
        )
        raise UsageError(
            f"Pulumi.yaml does not list valid stages: {found}",
            "No release can enter a stage until it does.",
            f"Correct it, for example:\n{EXAMPLE}",
        ) from None
    twice = {name for name in stages.names if stages.names.count(name) > 1}
    if twice:
        raise UsageError(
            f"Pulumi.yaml lists {', '.join(sorted(twice))} twice.",
            "Nobody can tell which entry counts, so nothing was changed.",
            "Leave one of them out under `stages:`.",
        )
    return stages


_USUAL = {"dev": 0, "staging": 1, "prod": 2}
