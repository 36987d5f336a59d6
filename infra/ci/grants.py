"""What a workflow is granted, with the reason. Pure; it is taken from the deployer's policies.

`infra/deployer_policy.py` allows a stage's whole life, and tests hold it against what is really called. A
grant here is a part of that: fewer actions of a statement, or fewer of the bucket's keys. What a job that
deploys is held to is in `limits.py`. Two things no deployer does: reading what really happened, and telling
EventBridge of findings.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from infra import deployer_policy, policies, row_places
from infra.arns import Place
from infra.ci import keys, limits
from infra.policies import Statement
from release.domain import names
from release.domain.occasions import SOURCE
from release.domain.stage import StageSettings


@dataclass(frozen=True)
class Grant:
    """One statement of a policy, and what it is for."""

    statement: Statement
    why: str


DEPLOYS: Mapping[str, str] = {
    "Serving": "models, configs and the endpoint, the traffic, and golden requests to it",
    "Scaling": "autoscaling's bounds, and its hold while a release moves",
    "ScalingsOwnRole": "the first scaling of an account makes AWS's own role for it",
    "Alarms": "the alarms that page, and take an update back",
    "Logs": "the containers' output, which the judge reads",
    "Topic": "where the alarms page",
    "Bucket": "the stage's bucket",
    "Objects": "releases, artifacts, data versions and the ledger",
    "PeoplesWord": "approvals and waivers are people's, never a workflow's",
    "Registry": "the images, and the repository that they are in",
    "Key": "what encrypts bucket, registry and topic",
    deployer_policy.CAPTURED: "answers that are captured in another bucket, which the judge reads",
    deployer_policy.CAPTURE_KEYS: "captured records that a key of their own encrypts",
    "Role": "the execution role of the endpoints",
    "RoleToSageMaker": "SageMaker alone gets that role",
    "Jobs": "transform jobs, which score files with what is live",
    deployer_policy.JOB_LOGS: "what those jobs say of their files",
    deployer_policy.BATCH_FILES: "files to score and their answers in other buckets, whose rows are counted",
    deployer_policy.BATCH_FOLDERS: "which files those are",
    "Training": "all jobs and what they print, where the stage has trainings run",
    deployer_policy.PIPELINES: "the pipelines that retrain, where the stage has any",
    "ModelPackages": "versions in SageMaker's Model Registry, where the stage has any",
    "NoResource": "what AWS knows no resource for",
}
"""What each statement of a deployer's is for."""

_OF_CALLERS = {
    *("Jobs", deployer_policy.JOB_LOGS, deployer_policy.CAPTURED, deployer_policy.CAPTURE_KEYS),
    *(deployer_policy.BATCH_FILES, deployer_policy.BATCH_FOLDERS, deployer_policy.PIPELINES),
}
"""Statements about rows, answers, jobs and pipelines: nobody who only looks at stages needs them."""

_READS = re.compile(r"[\w-]+:((Get|List|Describe|BatchGet|BatchCheck|Filter)[\w*]*)|kms:Decrypt")
_OF_A_ROLLOUT = {"logs:FilterLogEvents", "cloudwatch:GetMetricData"}
"""What reads the evidence of a rollout that is under way, which its own job does."""
_KEPT = (
    "releases/",
    "models/",
    "ledger",
    "rollouts/",
    "fences/",
    names.APPROVALS,
    names.WAIVERS,
    names.MAKERS,
)
"""Where a stage's bucket keeps what its commands read; the data that models learned from is not among it."""
_WRITTEN_BY_A_WAY_BACK = ("ledger", "rollouts/", "fences/")
_ROLLBACK: Mapping[str, tuple[str, str]] = {
    "Serving": (
        """
        DescribeModel DescribeEndpointConfig DescribeEndpoint UpdateEndpoint
        UpdateEndpointWeightsAndCapacities InvokeEndpoint
        """,
        "whether what the way back needs is there, the traffic, and golden requests",
    ),
    "Scaling": (
        """
        RegisterScalableTarget DeregisterScalableTarget DescribeScalableTargets PutScalingPolicy
        DescribeScalingPolicies
        """,
        "autoscaling is held meanwhile, and begun anew where the instance type is another",
    ),
    "ScalingsOwnRole": (
        "CreateServiceLinkedRole",
        "AWS's own role for autoscaling, where it is gone",
    ),
    "Bucket": ("ListBucket ListBucketVersions", "the stage's ledger, also where it is damaged"),
    "Registry": ("DescribeRepositories DescribeImages", "whether the image is there"),
    "Key": ("Decrypt GenerateDataKey", "the bucket is encrypted"),
    "Role": ("GetRole", "whether the execution role is there"),
    "NoResource": ("ListServiceQuotas ListAWSDefaultServiceQuotas", "whether both fleets fit"),
}
"""What a rollback calls, by the deployer's statements, and why: it makes and deletes nothing."""
_SOURCE: Mapping[str, str] = {
    "Serving": "DescribeEndpoint",
    "Bucket": "ListBucket ListBucketVersions",
    "Objects": "GetObject GetObjectVersion",
    "Registry": """
        DescribeRepositories DescribeImages BatchGetImage BatchCheckLayerAvailability GetDownloadUrlForLayer
    """,
    "Key": "Decrypt",
}
"""What of a stage is read to bring its live release elsewhere, or to train it anew."""
_FENCES: Mapping[str, str] = {"Bucket": "ListBucket", "Objects": "GetObject", "Key": "Decrypt"}
_LEDGER: Mapping[str, str] = {"Objects": "PutObject", "Key": "GenerateDataKey"}
_WATCHED: Mapping[str, str] = {
    "Serving": "DescribeEndpoint",
    "Bucket": "ListBucket",
    "Objects": "GetObject",
    "Key": "Decrypt",
}
"""What of a stage is read to say what is live there, since when, and what it was made to answer."""
_CAPTURE: Mapping[str, str] = {
    "Objects": "GetObject",
    "NoResource": "GetMetricData",
    deployer_policy.CAPTURED: "ListBucket GetObject",
    deployer_policy.CAPTURE_KEYS: "Decrypt",
}
_COUNTS: Mapping[str, str] = {"Objects": "GetObject PutObject DeleteObject"}
_FINDINGS: Mapping[str, str] = {
    "Bucket": "ListBucket",
    "Objects": "GetObject PutObject",
    "Key": "Decrypt GenerateDataKey",
}


def deploying(stage: StageSettings) -> tuple[Grant, ...]:
    """A stage's life, but for what a person alone does to its roles."""
    why = {**DEPLOYS, **limits.WHY}
    return tuple(Grant(one, why[one["Sid"]]) for one in limits.statements(stage))


def reading(stages: Sequence[StageSettings]) -> tuple[Grant, ...]:
    """What says how these stages are, and what they serve: nothing is written.

    Neither training data is read, nor what callers sent and got.
    """
    found = [
        Grant(_named("Read", _only(one, _reads)), f"to read: {DEPLOYS[one['Sid']]}")
        for stage in stages
        for one in _narrowed(stage, (*_KEPT, names.FINDINGS))
        if one["Effect"] == "Allow" and one["Sid"] not in _OF_CALLERS
    ]
    return _merged(grant for grant in found if grant.statement["Action"])


def fences(stages: Sequence[StageSettings]) -> tuple[Grant, ...]:
    """The fences of stages that a release does not come from: a marked release enters none."""
    why = "whether a release is fenced is looked for in all stages"
    return _part(stages, "Fences", _FENCES, ("fences/",), why)


def champions(stages: Sequence[StageSettings]) -> tuple[Grant, ...]:
    """The live models of these stages: a new one is measured beside what the last stage serves."""
    why = "the live model, beside which a new one is measured"
    return _part(stages, "Champion", _FENCES, ("releases/", "models/"), why)


def sources(stages: Sequence[StageSettings]) -> tuple[Grant, ...]:
    """Releases with their images, artifacts and records, of stages that one may come from."""
    why = "a release is read where it is live, proven again, and copied"
    found = _part(stages, "Source", _SOURCE, _KEPT, why)
    return tuple(Grant(_endpoints_alone(grant.statement), why) for grant in found)


def traffic(stages: Sequence[StageSettings]) -> tuple[Grant, ...]:
    """What live is asked in these stages, by its containers' windows; what SageMaker counts, all may read."""
    why = "whether what is proposed there could be judged at the traffic that live has"
    return _part(stages, "Traffic", {"Logs": "FilterLogEvents"}, (), why)


def going_back(stage: StageSettings) -> tuple[Grant, ...]:
    """A rollback: traffic back to what is there already, and that on record."""
    statements = {one["Sid"]: one for one in _narrowed(stage, _KEPT)}
    found = [Grant(_picked(statements[sid], actions), why) for sid, (actions, why) in _ROLLBACK.items()]
    reads = _picked(statements["Objects"], "GetObject GetObjectVersion")
    (writes,) = [one for one in _narrowed(stage, _WRITTEN_BY_A_WAY_BACK) if one["Sid"] == "Objects"]
    return (
        *found,
        Grant(_named("Read", reads), "the releases, and the ledger so far"),
        Grant(
            _named("Write", _picked(writes, "PutObject")), "the ledger, the fence of what is left, the report"
        ),
    )


def remembering(stages: Sequence[StageSettings]) -> tuple[Grant, ...]:
    """Entries in the ledgers of these stages: that a retrain was asked for, and what it came to."""
    return _part(stages, "Ledger", _LEDGER, ("ledger",), "that a retrain was asked for, and its end")


def asking(stages: Sequence[StageSettings]) -> tuple[Grant, ...]:
    """The findings of these stages: an open one may ask for a retrain."""
    return _part(stages, "Asking", {"Objects": "GetObject"}, (names.FINDINGS,), "findings that ask for one")


def watched(stages: Sequence[StageSettings]) -> tuple[Grant, ...]:
    """What is live in these stages and since when, with the references of their releases."""
    why = "what is live, since when, and the reference that it is held against"
    found = _part(stages, "Watched", _WATCHED, ("releases/", "models/", "ledger"), why)
    return tuple(Grant(_endpoints_alone(grant.statement), why) for grant in found)


def noticing(stages: Sequence[StageSettings]) -> tuple[Grant, ...]:
    """What is captured in these stages is counted; findings are kept, entered in the ledgers, and told of."""
    kept = _part(stages, "Findings", _FINDINGS, (names.FINDINGS,), "what is noticed, one record a finding")
    places = dict.fromkeys(Place(stage.account, stage.region) for stage in stages)
    buses = [place.arn("events", "event-bus/default") for place in places]
    told = {
        **policies.allow("Events", ["events:PutEvents"], buses),
        "Condition": {"StringEquals": {"events:source": SOURCE}},
    }
    entered = _part(
        stages, "Ledger", _LEDGER, ("ledger",), "that a finding was opened, got worse, was closed"
    )
    what = "what callers sent and got, to count it"
    read = [one for stage in stages for one in _part([stage], "Capture", _CAPTURE, _captured(stage), what)]
    counted = _part(stages, "Counts", _COUNTS, (names.MONITORING,), "hours that were counted, each once")
    return (
        *_merged(read),
        *_truth(stages),
        *counted,
        *kept,
        *entered,
        Grant(told, "findings become events, of this source alone"),
    )


def _captured(stage: StageSettings) -> tuple[str, ...]:
    """Where a stage's bucket has captured answers; those of before the settings were changed lie in the usual
    place."""
    now = row_places.within(stage, row_places.captures(stage))
    return tuple(dict.fromkeys((f"{names.CAPTURE}/", *now)))


def _truth(stages: Sequence[StageSettings]) -> tuple[Grant, ...]:
    """The folders that say what really happened, wherever they are."""
    found: list[str] = []
    for stage in stages:
        found += row_places.readable(Place(stage.account, stage.region), row_places.truths(stage))
    why = "what really happened, to measure quality by it"
    statement = policies.allow("Truth", ["s3:ListBucket", "s3:GetObject"], list(dict.fromkeys(found)))
    return (Grant(statement, why),) if found else ()


def state(place: Place, bucket: str, key_arn: str | None, writes: bool) -> tuple[Grant, ...]:
    """Pulumi's own state in a bucket, and the key of that or of its secrets."""
    why = "Pulumi's state" + ("" if writes else ", which a preview only reads")
    arn = place.bucket(bucket)
    objects = ["s3:GetObject", *(["s3:PutObject", "s3:DeleteObject"] if writes else [])]
    found = [
        Grant(policies.allow("StateBucket", ["s3:ListBucket"], arn), why),
        Grant(policies.allow("State", objects, f"{arn}/.pulumi/*"), why),
    ]
    if key_arn:
        actions = ["kms:Decrypt", *(["kms:Encrypt", "kms:GenerateDataKey"] if writes else [])]
        found.append(Grant(policies.allow("StateKey", actions, key_arn), f"{why}, encrypted"))
    return tuple(found)


def joined(statements: Iterable[Statement]) -> list[Statement]:
    """Statements on the same things under the same conditions as one, under the first one's name."""
    found: dict[str, Statement] = {}
    for one in statements:
        key = json.dumps(
            {**one, "Sid": "", "Action": "", "Resource": sorted(policies.resources(one))}, sort_keys=True
        )
        known = found.setdefault(key, {**one, "Action": []})
        known["Action"] = list(dict.fromkeys([*known["Action"], *one["Action"]]))
    return list(found.values())


def _part(
    stages: Sequence[StageSettings],
    name: str,
    actions: Mapping[str, str],
    prefixes: Sequence[str],
    why: str,
) -> tuple[Grant, ...]:
    """These actions of the deployers' statements, of all stages in one statement each."""
    return _merged(
        Grant(_named(name, _picked(one, actions[one["Sid"]])), why)
        for stage in stages
        for one in _narrowed(stage, prefixes)
        if one["Sid"] in actions and one["Resource"]
    )


def _narrowed(stage: StageSettings, prefixes: Sequence[str]) -> list[Statement]:
    """The deployer's statements, of objects those below these prefixes, and of keys the stage's alone."""
    found = []
    for one in deployer_policy.document(stage)["Statement"]:
        if one["Sid"] == "Objects":
            bucket = str(one["Resource"]).removesuffix("*")
            one = {**one, "Resource": [f"{bucket}{prefix}*" for prefix in prefixes]}
        if one["Sid"] == "Key":
            one = keys.held(keys.alone(one), [names.key_alias(stage.stage)])
        found.append(one)
    return found


def _picked(statement: Statement, actions: str) -> Statement:
    """A statement with these of its actions alone; all of them have to be among them."""
    wanted = set(actions.split())
    picked = _only(statement, lambda action: action.partition(":")[2] in wanted)
    missing = wanted - {action.partition(":")[2] for action in picked["Action"]}
    if missing:
        raise ValueError(f"{statement['Sid']} of the deployer has no {', '.join(sorted(missing))}")
    return picked


def _only(statement: Statement, wanted: Callable[[str], object]) -> Statement:
    return {**statement, "Action": [action for action in statement["Action"] if wanted(action)]}


def _endpoints_alone(statement: Statement) -> Statement:
    """Nothing but an endpoint is described by DescribeEndpoint."""
    if not statement["Sid"].endswith("Serving"):
        return statement
    return {**statement, "Resource": [arn for arn in statement["Resource"] if ":endpoint/" in arn]}


def _reads(action: str) -> bool:
    return _READS.fullmatch(action) is not None and action not in _OF_A_ROLLOUT


def _named(prefix: str, statement: Statement) -> Statement:
    return {**statement, "Sid": f"{prefix}{statement['Sid']}"}


def _merged(grants: Iterable[Grant]) -> tuple[Grant, ...]:
    """Grants of one name as one, on the resources of all."""
    found: dict[str, Grant] = {}
    for grant in grants:
        sid = grant.statement["Sid"]
        known = found.get(sid)
        if known is None:
            found[sid] = Grant(
                {**grant.statement, "Resource": policies.resources(grant.statement)}, grant.why
            )
            continue
        actions = [*known.statement["Action"], *grant.statement["Action"]]
        on = [*policies.resources(known.statement), *policies.resources(grant.statement)]
        unique = {"Action": list(dict.fromkeys(actions)), "Resource": list(dict.fromkeys(on))}
        merged = {**known.statement, **unique}
        if "Condition" in grant.statement:  # keys have the one condition that merged statements have
            merged = keys.held(merged, [*keys.aliases(known.statement), *keys.aliases(grant.statement)])
        found[sid] = Grant(merged, known.why)
    return tuple(found.values())
