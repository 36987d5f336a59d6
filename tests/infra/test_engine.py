"""The stage program by the real engine in a real sandbox: what only deploying can decide."""

import hashlib
import json
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from demo.project import make_project
from release.adapters.aws import StageAws
from release.adapters.stack import PulumiStack
from release.domain.pins import ReleasePin
from release.domain.plan import config_plan
from sandbox.testing import SandboxHandle, start
from tests.infra import engine, rings
from tests.infra.ci.stack import ci_stack
from tests.sandbox.images import model_archive, push_image

pytestmark = pytest.mark.sandbox

BUCKET = "slipway-dev-123456789012-us-east-1"
RELEASES = ("0c77e1d2ab93", "3f2a9c01d4e7", "81bb02aa6f10")
INSTANCE = "ml.m7i.large"
ALL = "pages and tickets"


@dataclass(frozen=True)
class Stage:
    """The stage `dev` of a project of its own."""

    project: Path
    sandbox: SandboxHandle

    def pulumi(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return engine.pulumi(self.project, self.sandbox.env, "dev", *arguments)

    def up(self) -> str:
        """`pulumi up` that must succeed."""
        done = self.pulumi("up", "--yes", "--skip-preview", "--refresh")
        assert done.returncode == 0, done.stdout
        return done.stdout

    def clean(self) -> None:
        """Fail unless a refresh and a preview find nothing."""
        for arguments in (("refresh", "--yes", "--skip-preview"), ("preview", "--diff")):
            done = self.pulumi(*arguments, "--expect-no-changes")
            assert done.returncode == 0, done.stdout

    def edit(self, **keys: Any) -> None:
        """Change keys of the stage's config."""
        file, yaml = self.project / "Pulumi.dev.yaml", YAML()
        data = yaml.load(file)
        data["config"].update({f"slipway:{key}": value for key, value in keys.items()})
        yaml.dump(data, file)

    def rolled_out(self, candidate: dict[str, str], first: bool) -> None:
        """`pulumi up` for a candidate, and the traffic to it; only a first one has its endpoint by that."""
        self.sandbox.reset_calls()
        served = None if first else self.serves()
        assert "replac" not in self.up()
        assert self.updates() == 0
        if first:
            return
        assert self.serves() == served
        self.clean()
        pin = ReleasePin.model_validate({**candidate, "type": INSTANCE})
        sagemaker = self.sandbox.client("sagemaker")
        config = config_plan("dev", "delays", pin).name
        sagemaker.update_endpoint(EndpointName="delays-dev", EndpointConfigName=config)
        waiter = sagemaker.get_waiter("endpoint_in_service")
        waiter.wait(EndpointName="delays-dev", WaiterConfig={"Delay": 1, "MaxAttempts": 60})
        self.clean()
        self.sandbox.reset_calls()

    def updates(self) -> int:
        """How often UpdateEndpoint was called."""
        return self.sandbox.calls().get("sagemaker", {}).get("UpdateEndpoint", 0)

    def serves(self) -> str:
        """The image digest that the endpoint runs."""
        described = self.sandbox.client("sagemaker").describe_endpoint(EndpointName="delays-dev")
        (variant,) = described["ProductionVariants"]
        return variant["DeployedImages"][0]["ResolvedImage"].rpartition("@")[2]

    def resources(self) -> list[dict[str, Any]]:
        """The state's resources."""
        return json.loads(self.pulumi("stack", "export").stdout)["deployment"]["resources"]


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A provisioned stage without a pin."""
    folder = tmp_path_factory.mktemp("stage")
    with start(folder / "home", time_scale=120) as sandbox:
        stage = Stage(make_project(folder / "project"), sandbox)
        engine.make_stack(stage.project, sandbox.env, "dev")
        stage.up()
        yield stage


@pytest.fixture(scope="module")
def pins(stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, str]]:
    """Three releases in the stage's own registry and bucket."""
    return _push(stage, tmp_path_factory, RELEASES)


def _push(
    stage: Stage, tmp_path_factory: pytest.TempPathFactory, releases: Sequence[str]
) -> list[dict[str, str]]:
    """Push images and artifacts as a release does; return their pins."""
    ecr = stage.sandbox.client("ecr")
    uri = ecr.describe_repositories(repositoryNames=["slipway-dev"])["repositories"][0]["repositoryUri"]
    found = []
    for release in releases:
        folder = tmp_path_factory.mktemp(release)
        digest = push_image(uri, folder, tag=f"release-{release}", marker=release)
        body = model_archive(release)
        sha256 = hashlib.sha256(body).hexdigest()
        key = f"models/{sha256}/model.tar.gz"
        stage.sandbox.client("s3").put_object(Bucket=BUCKET, Key=key, Body=body)
        found.append(
            {
                "release": release,
                "image": f"{uri}@{digest}",
                "model": f"s3://{BUCKET}/{key}",
                "sha256": sha256,
            }
        )
    return found


def test_a_stage_without_a_pin_gives_the_first_image_somewhere_to_go(stage: Stage) -> None:
    stage.edit(endpoints={"delays": {}})
    stage.up()
    stage.clean()
    outputs = json.loads(stage.pulumi("stack", "output", "--json").stdout)
    assert outputs["bucket"] == BUCKET
    assert outputs["repository_url"].endswith("/slipway-dev")
    assert outputs["endpoints"] == {}
    assert stage.sandbox.client("sagemaker").list_models()["Models"] == []


@pytest.mark.long
def test_releases_come_and_go_and_what_the_stage_names_stays(
    stage: Stage, pins: list[dict[str, str]]
) -> None:
    """Each comes as a rollout brings it: made as the candidate, moved by SageMaker's API, then the pins turn.

    `pulumi up` makes and deletes and moves nothing, and finds nothing to do wherever the endpoint is.
    """
    sagemaker = stage.sandbox.client("sagemaker")
    first, second, third = pins
    for live, before, dropped in ((first, None, None), (second, first, None), (third, second, first)):
        kept = {"live": before, "previous": dropped} if before else {}
        stage.edit(endpoints={"delays": _named(candidate=live, **kept)})
        stage.rolled_out(live, first=before is None)
        stage.edit(endpoints={"delays": _named(live=live, previous=before)})
        assert "replac" not in stage.up()
        stage.clean()
        assert stage.updates() == 0
        models = {model["ModelName"] for model in sagemaker.list_models()["Models"]}
        assert models == {f"delays-dev-{pin['release']}" for pin in (live, before) if pin}
        assert len(sagemaker.list_endpoint_configs()["EndpointConfigs"]) == len(models)
        assert stage.serves() == live["image"].rpartition("@")[2]


def _named(**roles: dict[str, str] | None) -> dict[str, dict[str, str]]:
    return {role: pin for role, pin in roles.items() if pin}


def test_nothing_is_created_before_what_it_needs(stage: Stage, pins: list[dict[str, str]]) -> None:
    """SageMaker takes a role's permissions and an update's alarms as they are at that moment."""
    stage.edit(endpoints={"delays": {"live": pins[2], "previous": pins[1]}})
    stage.up()
    resources = stage.resources()
    by_type: dict[str, list[dict[str, Any]]] = {}
    for resource in resources:
        by_type.setdefault(resource["type"].rpartition(":")[2], []).append(resource)

    def needs(kind: str) -> set[str]:
        found = [{urn.split("::")[2].rpartition(":")[2] for urn in r["dependencies"]} for r in by_type[kind]]
        return set.intersection(*found)

    assert {"RolePolicy", "Role", "BucketPolicy", "BucketPublicAccessBlock"} <= needs("Model")
    assert {"EndpointConfiguration", "MetricAlarm", "LogGroup", "RolePolicy"} <= needs("Endpoint")
    assert "Endpoint" in needs("Target")
    (endpoint,) = by_type["Endpoint"]
    alarms = {urn.rpartition("::")[2] for urn in endpoint["dependencies"] if "MetricAlarm" in urn}
    assert alarms == {"delays-dev-errors", "delays-dev-latency"}


def test_an_update_of_one_endpoint_leaves_the_others_as_they_are(
    stage: Stage, pins: list[dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever is new for them waits for a `pulumi up`; what the program did not declare is not deleted."""
    live, coming, _ = pins
    stage.edit(endpoints={"delays": {"live": live}, "fares": {"live": live}})
    stage.up()
    before = {resource["urn"] for resource in stage.resources()}
    stage.edit(endpoints={name: {"live": live, "candidate": coming} for name in ("delays", "fares")})
    for name, value in stage.sandbox.env.items():
        monkeypatch.setenv(name, value)
    aws = StageAws("dev", "123456789012", "us-east-1")
    PulumiStack(stage.project, aws, lambda _: None).up("fares")
    now = {resource["urn"] for resource in stage.resources()}
    assert before < now
    assert {urn.rpartition("::")[2].partition("-")[0] for urn in now - before} == {"fares"}
    monkeypatch.setenv("SLIPWAY_DECLARED_ONLY", str(stage.project / "left-behind"))
    refused = stage.pulumi("preview")
    assert refused.returncode != 0
    assert "left-behind" in refused.stdout
    monkeypatch.delenv("SLIPWAY_DECLARED_ONLY")
    said = stage.pulumi("preview").stdout
    assert "delays" in said
    assert "fares" not in said
    assert "delete" not in said
    outputs = json.loads(stage.pulumi("stack", "output", "--json").stdout)
    assert outputs["endpoints"] == {"delays": "delays-dev", "fares": "fares-dev"}


def test_a_wrong_key_is_said_with_the_yaml_to_paste_and_changes_nothing(stage: Stage) -> None:
    before = stage.resources()
    account = YAML().load(stage.project / "Pulumi.dev.yaml")["config"]["slipway:account"]
    stage.edit(account="12")
    done = stage.pulumi("up", "--yes", "--skip-preview")
    stage.edit(account=account)
    assert done.returncode != 0
    assert 'slipway:account: "123456789012"' in done.stdout
    assert "Traceback" not in done.stdout
    assert [r["urn"] for r in stage.resources()] == [r["urn"] for r in before]


def test_a_protected_stage_serves_on_after_a_destroy_and_another_leaves_nothing(
    stage: Stage, pins: list[dict[str, str]]
) -> None:
    client = stage.sandbox.client
    stage.edit(protect=True, endpoints={"delays": {"live": pins[2], "previous": pins[1]}})
    stage.up()
    refused = stage.pulumi("destroy", "--yes", "--skip-preview")
    assert refused.returncode != 0
    assert "protected" in refused.stdout
    assert client("sagemaker").describe_endpoint(EndpointName="delays-dev")["EndpointStatus"] == "InService"
    assert client("iam").get_role_policy(RoleName="slipway-dev-us-east-1-execution", PolicyName="endpoints")
    assert client("s3").head_bucket(Bucket=BUCKET)
    stage.edit(protect=False)
    stage.up()
    done = stage.pulumi("destroy", "--yes", "--skip-preview")
    assert done.returncode == 0, done.stdout
    assert client("sagemaker").list_endpoints()["Endpoints"] == []
    assert client("s3").list_buckets()["Buckets"] == []


def test_a_first_release_of_a_protected_stage_can_still_be_taken_back(
    stage: Stage, tmp_path_factory: pytest.TempPathFactory
) -> None:
    stage.edit(protect=True, endpoints={"delays": {}})
    stage.up()
    (first, *_) = _push(stage, tmp_path_factory, RELEASES[:1])
    stage.edit(endpoints={"delays": {"live": first}})
    stage.up()
    stage.edit(endpoints={"delays": {}})
    stage.up()
    assert stage.sandbox.client("sagemaker").list_endpoints()["Endpoints"] == []


@pytest.mark.long
def test_an_endpoint_that_fails_pages_once_and_pulumi_finds_nothing_to_do_meanwhile(
    stage: Stage, tmp_path_factory: pytest.TempPathFactory
) -> None:
    (live,) = _push(stage, tmp_path_factory, RELEASES[:1])
    _told(stage, ALL, live=live)
    topic = json.loads(stage.pulumi("stack", "output", "--json").stdout)["topic_arn"]
    on_call = rings.Subscriber(stage.sandbox, topic)
    rings.fails_and_pages_once(stage.sandbox, on_call, "delays-dev")
    stage.clean()
    rings.is_well_again(stage.sandbox, on_call, "delays-dev")


@pytest.mark.long
def test_alarms_come_and_go_with_a_candidate_and_with_what_is_told(
    stage: Stage, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """CloudWatch deletes no alarm that a composite alarm still looks at."""
    live, coming = _push(stage, tmp_path_factory, RELEASES[:2])
    _told(stage, ALL, live=live)
    alone = rings.alarms(stage.sandbox, "delays-dev")
    _told(stage, ALL, live=live, candidate={**coming, "beside": True})
    own = rings.alarms(stage.sandbox, "delays-dev") - alone
    assert len(own) == 6
    assert all(name.startswith("delays-dev-candidate-") for name in own)
    _told(stage, "pages", live=live)
    pages = rings.alarms(stage.sandbox, "delays-dev")
    assert pages < alone
    assert "delays-dev-ticket" not in pages
    _told(stage, "nothing", live=live)
    assert rings.alarms(stage.sandbox, "delays-dev") == {"delays-dev-errors", "delays-dev-latency"}


def _told(stage: Stage, what: str, **pins: Any) -> None:
    """`pulumi up` of an endpoint whose health is told so."""
    stage.edit(protect=False, endpoints={"delays": {**pins, "monitoring": {"paging": {"tell": what}}}})
    stage.up()
    stage.clean()


@pytest.mark.long
def test_a_ci_stack_is_made_once_changes_by_its_data_and_goes(stage: Stage, tmp_path: Path) -> None:
    ci = ci_stack(tmp_path / "ci", stage.sandbox.env)
    ci.must("up", "--yes", "--skip-preview")
    ci.must("preview", "--refresh", "--expect-no-changes", "--diff")
    iam, events = stage.sandbox.client("iam"), stage.sandbox.client("events")
    role = iam.get_role(RoleName="slipway-ci-promote-prod")["Role"]
    (statement,) = role["AssumeRolePolicyDocument"]["Statement"]
    (provider,) = iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]
    assert statement["Principal"] == {"Federated": provider["Arn"]}
    assert role["MaxSessionDuration"] == 3600
    assert json.loads(ci.must("stack", "output", "roles"))["promote-prod"] == role["Arn"]
    ci.set(retrain_schedule="rate(7 days)")
    said = ci.must("up", "--yes", "--skip-preview")
    assert "replace" not in said
    assert events.describe_rule(Name="slipway-ci-retrain")["ScheduleExpression"] == "rate(7 days)"
    ci.must("destroy", "--yes", "--skip-preview")
    assert events.list_rules(NamePrefix="slipway-ci")["Rules"] == []
    assert [one["RoleName"] for one in iam.list_roles()["Roles"] if "slipway-ci" in one["RoleName"]] == []
