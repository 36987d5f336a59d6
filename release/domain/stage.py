"""One model of a stage: all its settings, from the `config` of Pulumi.<stage>.yaml.

The Pulumi program and the commands read the same data through here: the program gets it from the engine, the
commands from the file. Nothing here reads a file, an environment variable or AWS.
"""

import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, ValidationError, ValidationInfo, field_validator

from release.domain import former, guardrails, names, nearby, regions
from release.domain.batch import S3Place
from release.domain.errors import UsageError
from release.domain.noticed import FindingKind
from release.domain.pins import Data, EndpointName, EndpointSettings, InstanceType
from release.domain.policy import Policy

_NAMESPACES = ("slipway", "aws", "pulumi")
_NO_KEYS = ("stage", "region")
"""Fields that are no keys of slipway's: the stack's name, and the provider's setting."""
_DIGESTED = r"^[a-z0-9.:_/-]+@sha256:[0-9a-f]{64}$"

AccountId = Annotated[str, StringConstraints(pattern=r"^\d{12}$")]
Region = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,4}(-[a-z]+)+-\d+$")]
PolicyArn = Annotated[
    str, StringConstraints(pattern=r"^arn:aws[a-z-]*:iam::(\d{12}|aws):policy/[\w+=,.@/-]+$")
]

EXAMPLES = {
    "account": 'slipway:account: "123456789012"',
    "batch": "slipway:batch:\n    reads: [s3://warehouse/flights]\n    writes: [s3://warehouse/scores]",
    "endpoints": "slipway:endpoints:\n    delays:\n      instances: {type: ml.m7i.large, min: 1, max: 2}",
    "image": "slipway:image:\n    base: <registry>/python@sha256:<digest>",
    "judge": "slipway:judge:\n    errors: {fail_times: 1.25, fail_plus: 0.0002}",
    "permissions_boundary": "slipway:permissions_boundary: arn:aws:iam::123456789012:policy/boundary",
    "region": "aws:region: us-east-1",
    "training": "slipway:training: {instance: ml.m5.large, minutes: 60}",
}
"""What to paste for a key that is missing or wrong."""


class ImageSettings(Data):
    """What the inference image is built on.

    Without a `base` the image holds only our two layers and runs in the sandbox's `process` runtime, on the
    Python of that machine; nothing but the sandbox accepts it.
    """

    base: Annotated[str, StringConstraints(pattern=_DIGESTED)] | None = None
    """The image below ours, by digest; without one ours runs in the sandbox alone."""
    python: Annotated[str, StringConstraints(pattern=r"^3\.\d+$")] | None = None
    """Minor version of the base's Python; without a base, that of the machine that builds."""
    source: str | None = None
    """URL of the repository, for the image's label; changing it changes the digest."""


_UP_TO_A_YEAR = Literal[1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365]
_LONGER = Literal[400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653]
LogDays = Literal[_UP_TO_A_YEAR, _LONGER]
"""What CloudWatch Logs accepts (PutRetentionPolicy in its API reference)."""


class Retention(Data):
    """How long things are kept, in days."""

    log_days: LogDays = 30
    """For how long what the endpoints' containers print is kept."""
    untagged_image_days: Annotated[int, Field(ge=1)] = 14
    """After so long an image without a tag expires; every release's image has one."""
    capture_days: Annotated[int, Field(ge=1, le=3650)] | None = None
    """For how long captured requests and answers are kept under `capture/` of the stage's bucket, and the
    tables of their rows. Without it nothing of them expires; with it what is older goes within a day."""


class Alerts(Data):
    """Who hears of an alarm."""

    email: str | None = None
    """Subscribed to the stage's topic; its owner has to confirm the subscription."""


class Batch(Data):
    """Where `./slipway score` may read and write besides `batch/` of the stage's own bucket."""

    reads: tuple[S3Place, ...] = ()
    """Buckets, or folders in them, of which input may be; their own keys have to let the role decrypt."""
    writes: tuple[S3Place, ...] = ()
    """Buckets, or folders in them, to which answers may go."""


LONGEST_TRAINING = 40_320
"""Minutes: 28 days ("CreateTrainingJob" in SageMaker's API reference)."""


class TrainingSettings(Data):
    """What a training job of the stage runs on."""

    instance: InstanceType = "ml.m5.large"
    """The machine that trains. Without `slipway:training` (`{}` is enough) no job runs in the stage, which
    then has no role for one."""
    volume_gb: Annotated[int, Field(ge=1, le=16_384)] = 30
    """The disk of that machine."""
    minutes: Annotated[int, Field(ge=1, le=LONGEST_TRAINING)] = 60
    """A job that takes longer is stopped; `--max-minutes` says another limit for one."""
    processing_instance: InstanceType | None = None
    """The machine that checks the rows and proves the model in SageMaker Pipelines, before and after the
    training; `instance`, where this is left out. SageMaker processes on fewer types than it trains on."""
    pipelines: bool = False
    """Whether the stage declares a role for SageMaker Pipelines, which starts these jobs and registers what
    they make (docs/integrations.md)."""


class RetrainSettings(Data):
    """When a stage's live model may be retrained, and whether one that was comes here by itself."""

    cooldown_days: Annotated[int, Field(ge=0, le=365)] = 6
    """The next retrain of an endpoint begins so many days after the last one at the earliest."""
    budget_per_month: Annotated[int, Field(ge=0, le=1000)] = 5
    """At most so many retrains of an endpoint in any 30 days; 0 allows none."""
    on: tuple[FindingKind, ...] = ()
    """Findings of these kinds ask for a retrain: one each time that one is open."""
    promote: bool = False
    """Whether a retrained release is promoted here, through gates and rollout, and not only proposed."""


class StageSettings(Data):
    """Everything a stage's data says."""

    stage: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]{0,11}$")]
    """The stack's name."""
    account: AccountId
    """The stage's AWS account, in quotes; credentials of another one are refused."""
    region: Region
    """Where all of the stage is."""
    profile: str | None = None
    """The AWS profile of the stage's account; without one, the standard credential chain."""
    image: ImageSettings = ImageSettings()
    retention: Retention = Retention()
    alerts: Alerts = Alerts()
    batch: Batch = Batch()
    """What batch scoring may reach; `pulumi up` gives the execution role the rights."""
    judge: Policy = Policy()
    """What the judge tolerates from a candidate here; docs/judge.md explains every default."""
    retrain: RetrainSettings = RetrainSettings()
    gates: tuple[str, ...] = ()
    """Gates that this stage insists on besides those of Pulumi.yaml (`release/domain/stages.py`)."""
    permissions_boundary: PolicyArn | None = None
    """ARN of the policy that bounds the roles of endpoints and trainings, and keeps a workflow from what it
    leaves out."""
    training: TrainingSettings | None = None
    """Whether trainings run in the stage: `{}` declares a role for them, and jobs with these defaults."""
    protect: bool = False
    """Refuse to delete bucket, registry, key and an endpoint with a way back, even by `pulumi destroy`."""
    commits: bool = True
    """Whether a command that changed pins in this file commits it, where Git tracks it."""
    model_packages: Literal["none", "registered", "approved"] = "none"
    """Whether releases are versions in SageMaker's Model Registry too: each that becomes live (`registered`),
    or each before it enters, which it does once its version is `approved`."""
    endpoints: dict[EndpointName, EndpointSettings] = Field(default_factory=dict)

    @field_validator("region")
    @classmethod
    def _of_a_partition(cls, value: str) -> str:
        if regions.partition(value) is None:
            raise ValueError(f"{value} is no region of any partition that AWS's SDK knows")
        return value

    @field_validator("endpoints", mode="before")
    @classmethod
    def _empty_is_default(cls, value: Any) -> Any:
        return (
            {k: former.endpoint_data(v or {}) for k, v in value.items()} if isinstance(value, dict) else value
        )

    @field_validator("endpoints")
    @classmethod
    def _captured_somewhere(
        cls, value: dict[str, EndpointSettings], info: ValidationInfo
    ) -> dict[str, EndpointSettings]:
        """A capture without a place of its own is in the stage's bucket."""
        if not {"stage", "account", "region"} <= info.data.keys():
            return value
        bucket = names.bucket(info.data["stage"], info.data["account"], info.data["region"])
        return {
            name: one.model_copy(update={"capture": one.capture.at(bucket)}) if one.capture else one
            for name, one in value.items()
        }

    def only_endpoint(self, asked: str | None) -> str:
        """The endpoint that a command is about: `asked`, or the only one there is.

        Raises UsageError when there is no such endpoint, or several and none was asked for.
        """
        known = ", ".join(self.endpoints) or "none"
        if asked is None and len(self.endpoints) == 1:
            return next(iter(self.endpoints))
        if asked is None and self.endpoints:
            raise UsageError(
                f"Stage {self.stage} has several endpoints: {known}.",
                "Nothing was changed.",
                "Name one with --endpoint.",
            )
        if asked is None or asked not in self.endpoints:
            raise UsageError(
                f"Stage {self.stage} has no endpoint{f' {asked!r}' if asked else ''}; it has: {known}.",
                "Nothing was changed.",
                f"Name one with --endpoint, or add it under slipway:endpoints in Pulumi.{self.stage}.yaml.",
            )
        return asked


def parse(stage: str, config: Mapping[str, Any]) -> StageSettings:
    """Settings of `stage` from its config (`namespace:key` to value; objects as mappings or JSON text).

    Raises UsageError that names each wrong key, what follows from it and the YAML to paste.
    """
    values: dict[str, Any] = {"stage": stage}
    _refuse_misspelt(stage, config)
    for key, value in config.items():
        namespace, _, name = key.partition(":")
        if namespace == "slipway":
            values[name] = _decoded(value) if name not in {"account", "profile"} else value
        elif key in {"aws:region", "aws:profile"}:
            values[name] = value
    try:
        return StageSettings.model_validate(values)
    except ValidationError as error:
        raise _explained(stage, error) from None


def refuse_what_sagemaker_would(settings: StageSettings) -> None:
    """Raise UsageError for an endpoint that SageMaker would refuse, or whose updates nobody could watch.

    Asked before anything is provisioned or released. The way back is not: it uses none of this, and what an
    earlier version accepted must not keep anybody from it.
    """
    found = [
        f"slipway:endpoints.{name}.{problem}"
        for name, endpoint in settings.endpoints.items()
        for problem in guardrails.problems(endpoint)
    ]
    if found:
        raise UsageError(
            f"Pulumi.{settings.stage}.yaml is not a valid stage: " + "; ".join(found),
            f"Nothing of stage {settings.stage} can be planned or changed until it is.",
            "Correct the named keys under `config:`; each says what it may be.",
        )


def _refuse_misspelt(stage: str, config: Mapping[str, Any]) -> None:
    """Raise UsageError for a key of another namespace that looks like ours: nobody would read it."""
    for key in config:
        namespace, colon, name = key.partition(":")
        if namespace not in _NAMESPACES and nearby.closest(namespace, ("slipway",)):
            raise UsageError(
                f"Pulumi.{stage}.yaml is not a valid stage: {key}: there is no namespace {namespace!r}.",
                f"Nothing of stage {stage} can be planned or changed until it is.",
                f"Write slipway:{name if colon else namespace} under `config:`.",
            )


def _decoded(value: Any) -> Any:
    """The engine hands objects, numbers and booleans over as JSON text; the YAML file as themselves."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def _explained(stage: str, error: ValidationError) -> UsageError:
    problems, pastes = [], []
    for detail in error.errors():
        path = [str(part) for part in detail["loc"]]
        key = ("aws:" if path[0] in {"region", "profile"} else "slipway:") + ".".join(path)
        problems.append(f"{key}: {nearby.wrong(StageSettings, detail, _NO_KEYS)}")
        if path[0] in EXAMPLES and EXAMPLES[path[0]] not in pastes:
            pastes.append(EXAMPLES[path[0]])
    paste = "".join(f"\n  {line}" for line in pastes)
    return UsageError(
        f"Pulumi.{stage}.yaml is not a valid stage: " + "; ".join(problems),
        f"Nothing of stage {stage} can be planned or changed until it is.",
        f"Correct it under `config:`, for example:{paste}"
        if paste
        else "Correct the named keys under `config:`.",
    )
