"""Names of everything a stage owns, as pure functions of data.

A name is never looked up and never holds a time: whoever knows the stage's data knows the name, so a
rollback needs neither Pulumi's state nor its outputs. SageMaker allows 63 characters of `[a-zA-Z0-9-]` for
models, endpoint configs and endpoints (CreateModel, CreateEndpointConfig, CreateEndpoint: API reference).
"""

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

PROJECT = "slipway"
LIVE = "live"
"""The variant that takes traffic; alarms, scaling and dashboards name it, so it never changes."""
CANDIDATE = "candidate"
"""The variant of a release beside the live one, in production or in its shadow."""
OWN_REQUEST = "slipway-own-request"
"""The InferenceId of requests that no caller sent: where answers are captured, theirs are known by it."""

RELEASE_ID_LENGTH = 12
TUNED_LENGTH, TUNING_LENGTH = 6, 8
"""What is left of a service's name, and of the content, in that of a tuning job."""
SERVICE_LENGTH = 30
"""What is left of a service's name in that of a job."""
PIPELINED_LENGTH = 20
"""What is left of an endpoint's name in that of a pipeline's job: SageMaker adds up to 28 characters."""
BESIDES_LENGTH = 6
"""What is left of a name with the longest endpoint and stage."""
SAGEMAKER_NAME_LIMIT = 63
_CONTENT = re.compile(
    rf"(?P<endpoint>.+)-(?P<content>[0-9a-f]{{{RELEASE_ID_LENGTH}}})(-[0-9a-f]{{{BESIDES_LENGTH}}})?"
)


def is_release(word: str) -> bool:
    """Whether a word is a release's id, as a manifest's content makes it."""
    return re.fullmatch(f"[0-9a-f]{{{RELEASE_ID_LENGTH}}}", word) is not None


def bucket(stage: str, account: str, region: str) -> str:
    """The stage's artifact bucket; bucket names are global, hence account and region."""
    return f"{buckets(stage)}{account}-{region}"


def buckets(stage: str) -> str:
    """What the name of the stage's bucket begins with, whatever its account and region."""
    return f"{PROJECT}-{stage}-"


DECLARED_ONLY = "SLIPWAY_DECLARED_ONLY"
"""The variable that names a file with the one endpoint that the stage's program has to declare."""
HEARTBEATS = "ledger-heartbeat"
"""What the keys of all heartbeats in a stage's bucket begin with, and no entry of the ledger."""
HEARTBEAT = f"{HEARTBEATS}.json"
"""The key of the ledger's heartbeat in a stage's bucket."""


def retrain_heartbeat(endpoint: str) -> str:
    """The key of the heartbeat of an endpoint's retrain, beside that of the stage's rollouts.

    Whoever may write the ledger of a stage (`ledger*`) may write it.
    """
    return f"{HEARTBEATS}-retrain-{endpoint}.json"


APPROVALS, WAIVERS, MAKERS = "approvals/", "waivers/", "makers/"
"""Where a stage's bucket keeps people's yes to a release, what they waived of it, and who made it."""


FINDINGS = "findings/"
"""Where a stage's bucket keeps what monitoring noticed: one record a finding."""
MONITORING = "monitoring/"
"""Where a stage's bucket keeps what monitoring made of captured records and truth, by endpoint."""

DATA = "data"
"""Where a stage's bucket keeps data versions; the remote of `.dvc/config` is the first stage's."""


def model_key(sha256: str) -> str:
    """The key of a model artifact in a stage's bucket: its content's."""
    return f"models/{sha256}/model.tar.gz"


def data_key(md5: str) -> str:
    """The key of a data version in a stage's bucket: where DVC has a file, below the remote `DATA`."""
    return f"{DATA}/files/md5/{md5[:2]}/{md5[2:]}"


CAPTURE = "capture"
"""Where a stage's bucket keeps captured requests and answers, of an endpoint that names no other place."""
CAPTURE_SECRET = "capture-secret/key"  # noqa: S105 - where it lies, not what it is
"""Where a stage's bucket keeps the key of the hashes of sensitive values; the first container makes it."""


def repository(stage: str) -> str:
    """The stage's ECR repository."""
    return f"{PROJECT}-{stage}"


def release_tag(release: str) -> str:
    """The immutable tag of a release's image; the lifecycle rule expires only images without a tag."""
    return f"release-{release}"


def execution_role(stage: str, region: str) -> str:
    """The role that SageMaker assumes for the stage; roles are per account, hence the region."""
    return f"{roles(stage, region)}execution"


def roles(stage: str, region: str) -> str:
    """What the names of the stage's roles begin with."""
    return f"{PROJECT}-{stage}-{region}-"


TRAINING = "training"
"""Where a stage's bucket keeps what training jobs leave, and their checkpoints."""
TRAINING_LOGS = "/aws/sagemaker/TrainingJobs"
"""Where SageMaker writes the output of all training jobs (fixed by the service)."""

PROCESSING_LOGS = "/aws/sagemaker/ProcessingJobs"
"""Where it writes that of processing jobs, which a pipeline has beside its training."""


def training_role(stage: str, region: str) -> str:
    """The role that SageMaker assumes for the stage's training jobs."""
    return f"{roles(stage, region)}training"


def pipeline_role(stage: str, region: str) -> str:
    """The role that SageMaker assumes for executions of the stage's retraining pipelines."""
    return f"{roles(stage, region)}pipeline"


def retraining_pipeline(endpoint: str) -> str:
    """The pipeline that retrains what an endpoint serves, by the endpoint's name in SageMaker."""
    return f"{endpoint}-retrain"


def retrained_group(endpoint: str) -> str:
    """The model package group of what such a pipeline made, which no stage asks for a release's version."""
    return f"{endpoint}-retrained"


def pipeline_jobs(endpoint: str, stage: str) -> str:
    """What the names of such a pipeline's jobs begin with, before a hyphen and what SageMaker adds."""
    return training_jobs(endpoint[:PIPELINED_LENGTH], stage).removesuffix("-")


def training_tag(digest: str) -> str:
    """The immutable tag of a training image: its content's."""
    return f"training-{digest.rpartition(':')[2][:RELEASE_ID_LENGTH]}"


def training_jobs(service: str, stage: str) -> str:
    """What the names of a stage's training jobs of one service begin with."""
    plain = re.sub(r"[^a-zA-Z0-9]+", "-", service).strip("-")[:SERVICE_LENGTH].rstrip("-")
    return f"{plain}-{stage}-"


def training_job(service: str, stage: str, content: Mapping[str, Any], attempt: int) -> str:
    """The `attempt`-th training job of a service that is asked for exactly `content`."""
    again = f"-{attempt}" if attempt > 1 else ""
    return _checked(f"{training_jobs(service, stage)}{digest(content)[:RELEASE_ID_LENGTH]}{again}")


def tuning_job(service: str, stage: str, content: Mapping[str, Any], attempt: int) -> str:
    """The `attempt`-th tuning job of a service that is asked for exactly `content`; it takes 32 characters.

    Its training jobs' names begin with it.
    """
    again = f"-{attempt}" if attempt > 1 else ""
    plain = training_jobs(service[:TUNED_LENGTH], stage)
    return f"{plain}{digest(content)[:TUNING_LENGTH]}{again}"


def key_alias(stage: str) -> str:
    """The alias of the stage's KMS key."""
    return f"alias/{PROJECT}-{stage}"


def alert_topic(stage: str) -> str:
    """The SNS topic that the stage's alarms publish to."""
    return f"{PROJECT}-{stage}-alerts"


def endpoint(name: str, stage: str) -> str:
    """The SageMaker endpoint that serves `name` in `stage`."""
    return _checked(f"{name}-{stage}")


def model(name: str, stage: str, release: str, besides: Mapping[str, Any]) -> str:
    """The SageMaker model of one release, and of what it holds `besides` that every stage does not."""
    content = f"-{digest(besides)[:BESIDES_LENGTH]}" if besides else ""
    return _checked(f"{name}-{stage}-{release}{content}")


def endpoint_config(name: str, stage: str, content: Mapping[str, Any]) -> str:
    """The endpoint config that holds exactly `content` (any JSON value)."""
    return _checked(f"{name}-{stage}-{digest(content)[:RELEASE_ID_LENGTH]}")


def parts(name: str) -> tuple[str, str]:
    """The endpoint's name in SageMaker and the release or content, of a model's or endpoint config's name.

    Both are empty where it is no such name.
    """
    found = _CONTENT.fullmatch(name)
    return (found["endpoint"], found["content"]) if found else ("", "")


def alarm(watched: str, metric: str) -> str:
    """One alarm of an endpoint or of an endpoint config, by its name in SageMaker: `delays-prod-errors`."""
    return f"{watched}-{metric}"


def alarms_of(endpoint: str) -> str:
    """The pattern of an endpoint's alarms, and of its configs': their names begin with its own."""
    return alarm(endpoint, "*")


def dashboard(endpoint: str) -> str:
    """An endpoint's dashboard in CloudWatch, by its name in SageMaker; dashboards have no region."""
    return f"{PROJECT}-{endpoint}"


def log_group(name: str, stage: str) -> str:
    """Where SageMaker writes the containers' output (fixed by the service)."""
    return log_group_of(endpoint(name, stage))


def log_group_of(sagemaker_name: str) -> str:
    """The same, by the endpoint's name in SageMaker."""
    return f"/aws/sagemaker/Endpoints/{sagemaker_name}"


def canonical_json(value: Any) -> bytes:
    """JSON in one form only: sorted keys, no spaces, UTF-8. Two equal values give the same bytes."""
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode()


def digest(value: Any) -> str:
    """SHA-256 of the canonical JSON, 64 hexadecimal digits."""
    return hashlib.sha256(canonical_json(value)).hexdigest()


def _checked(name: str) -> str:
    if len(name) > SAGEMAKER_NAME_LIMIT:
        raise ValueError(f"{name!r} has {len(name)} characters; SageMaker allows {SAGEMAKER_NAME_LIMIT}")
    return name
