"""What the role of the job that monitors may do: read what its stages capture, keep and tell findings."""

import json
import re

from infra.ci.roles import LONGEST
from infra.ci.stage_files import Project
from sandbox.aws.shared.policies import allows
from tests.infra.ci.examples import STAGES, by_name
from tests.infra.ci.test_grants import BUCKET, ENDPOINT, conditions, may, policy
from tests.infra.declared import ACCOUNT, stage


def test_who_monitors_keeps_findings_and_tells_of_them_and_moves_nothing():
    told = {"StringEquals": {"events:source": "slipway.monitoring"}}
    for found in STAGES:
        kept = f"{BUCKET.format(found)}/findings/5c0e9d1a7b42.json"
        for action in ("s3:GetObject", "s3:PutObject"):
            assert may("monitor", action, kept)
            assert not may("monitor", "s3:PutObject", kept.replace("findings", "fences"))
        assert may("read-only", "s3:GetObject", kept)
        assert may("retrain", "s3:GetObject", kept)
        assert not may("read-only", "s3:PutObject", kept)
        captured, counted = (
            f"{BUCKET.format(found)}/{place}/delays/x" for place in ("capture", "monitoring")
        )
        assert may("monitor", "s3:GetObject", captured)
        assert not may("monitor", "s3:PutObject", captured)
        assert may("monitor", "s3:PutObject", counted)
        assert not may("monitor", "sagemaker:UpdateEndpoint", ENDPOINT.format(found))
        assert not may("monitor", "s3:DeleteObject", kept)
    bus = f"arn:aws:events:us-east-1:{ACCOUNT}:event-bus/default"
    assert conditions(policy("monitor"), "events:PutEvents", bus) == [told]
    assert {name for name in by_name() if may(name, "events:PutEvents", bus)} == {"monitor"}


def test_who_monitors_reads_captured_answers_and_truth_wherever_the_stages_say_they_are_and_nothing_beside():
    there = {}
    for name, captured, truth in (
        ("dev", "s3://kept-elsewhere/answers", "s3://told-elsewhere/truth/delays"),
        ("staging", f"s3://slipway-staging-{ACCOUNT}-us-east-1/answers", "s3://told-elsewhere"),
        ("prod", "", f"s3://slipway-prod-{ACCOUNT}-us-east-1/truth/"),
    ):
        quality = {"monitoring": {"quality": {"truth": truth}}}
        there[name] = {"delays": {"capture": {"percent": 5, "to": captured}, **quality}}
    project = Project(tuple(stage(endpoints, name=name) for name, endpoints in there.items()))
    found = {name: [json.loads(role.policy())] for name, role in by_name(project=project).items()}
    s3 = "arn:aws:s3:::"
    for read in (
        f"{s3}kept-elsewhere/answers/delays-dev/live/x.jsonl",
        f"{BUCKET.format('staging')}/answers/delays-staging/live/x.jsonl",
        f"{BUCKET.format('prod')}/capture/delays-prod/live/x.jsonl",
        f"{BUCKET.format('prod')}/truth/x.csv",
        f"{s3}told-elsewhere/truth/delays/x.csv",
        f"{s3}told-elsewhere/x.csv",
    ):
        assert allows(found["monitor"], "s3:GetObject", read), read
        assert not allows(found["monitor"], "s3:PutObject", read), read
        assert not allows(found["read-only"], "s3:GetObject", read), read
    for listed in ("kept-elsewhere", "told-elsewhere"):
        assert allows(found["monitor"], "s3:ListBucket", s3 + listed)
    for beside in (
        f"{s3}kept-elsewhere/others/x",
        f"{BUCKET.format('dev')}/truth/x.csv",
        f"{BUCKET.format('prod')}/answers/x",
        f"{BUCKET.format('prod')}/capture-secret/key",
        f"{BUCKET.format('prod')}/data/files/md5/ab/cdef",
    ):
        assert not allows(found["monitor"], "s3:GetObject", beside), beside
    truth = f"{s3}told-elsewhere/truth/delays/x.csv"
    assert {name for name in found if allows(found[name], "s3:GetObject", truth)} == {"monitor"}
    assert len(re.sub(r"\s", "", json.dumps(found["monitor"][0]))) <= LONGEST
