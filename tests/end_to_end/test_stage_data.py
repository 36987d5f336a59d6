"""What a stage is, is data: a second endpoint in it, and a stage more. One story, in order."""

import json
import shutil

import pytest
from ruamel.yaml import YAML

from demo.project import GUARDED
from tests.end_to_end.batches import as_csv, asked, golden_rows, put, read

pytestmark = [pytest.mark.sandbox, pytest.mark.long]


def changes(world, stage):
    """What `pulumi up` would do: operation and name of each resource that it would not leave as it is."""
    done = world.pulumi("preview", "--stack", stage, "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    steps = json.loads(done.stdout)["steps"]
    return {(s["op"], s["urn"].rpartition("::")[2]) for s in steps if s["op"] != "same"}


def threshold(world, alarm):
    """The bound of an alarm in CloudWatch."""
    [found] = world.client("cloudwatch").describe_alarms(AlarmNames=[alarm])["MetricAlarms"]
    return found["Threshold"]


def test_with_one_endpoint_nobody_has_to_name_it(world, fresh):
    release = fresh()
    assert world.slipway("promote", "staging").result["endpoint"] == "delays"
    assert world.slipway("invoke", "staging").result["variant"] == "live"
    world.assert_clean("staging", serves=release)


def test_a_request_is_answered_or_refused_in_the_servers_words(world, fresh, tmp_path):
    fresh()
    world.slipway("promote", "staging")
    csv = world.slipway("invoke", "staging", "--content-type", "text/csv").result
    assert (csv["content_type"], len(csv["answer"].split())) == ("text/csv", 8)
    (tmp_path / "bad.json").write_text('{"instances": [{"distance": "far"}]}')
    refused = world.slipway("invoke", "staging", "--body", str(tmp_path / "bad.json"), expected=1)
    assert "delays in staging refused the request with 400: " in refused.stderr
    assert "ModelError" not in refused.stderr
    lines = tmp_path / "rows.jsonl"
    golden = json.loads((world.ports("dev").artifacts.golden(_manifest(world)))[1])["requests"][1]
    lines.write_text("\n".join(json.dumps(row) for row in json.loads(golden["body"])["instances"]))
    kind = ("--body", str(lines), "--content-type", "application/jsonlines")
    assert len(world.slipway("invoke", "staging", *kind).result["answer"].splitlines()) == 8


def _manifest(world):
    return world.ports("dev").artifacts.manifest(world.endpoint("dev").live.release)


def test_files_in_s3_are_scored_as_the_endpoint_scores_them(world, fresh):
    table = golden_rows(world, "staging", 300)
    content = as_csv(table)
    uri = put(world, "staging", "in/flights.csv", content)
    folder = f"{uri.partition('/in/')[0]}/out"
    done = world.slipway("score", "staging", "--input", uri, "--output", folder).result
    assert (done["rows"], done["release"]) == (300, world.endpoint("staging").live.release)
    [file] = done["files"]
    rows, scores = content.decode().splitlines(), asked(world, "staging", content)
    assert read(world, file["answers"]) == [f"{r},{s}" for r, s in zip(rows, scores, strict=True)]
    assert len(set(scores)) > 20, "rows that differ have scores that differ"

    again = world.slipway("score", "staging", "--input", uri, "--output", folder).result
    assert again["job"] == done["job"], "the same work is the same job"

    far = [["far" if isinstance(cell, (int, float)) else cell for cell in table[0]], *table[1:]]
    put(world, "staging", "in/flights.csv", as_csv(far))
    refused = world.slipway("score", "staging", "--input", uri, "--output", folder, expected=2)
    assert "are answers of something else" in refused.stderr
    other = ("--input", uri, "--output", f"{folder}-2")
    failed = world.slipway("score", "staging", *other, expected=1)
    assert "ClientError: See job logs for more information" in failed.stderr
    assert "in/flights.csv: ClientError: 400" in failed.stderr
    assert "In row 0, field" in failed.stderr, "the server's own words, by the job's log"


def test_with_two_endpoints_every_command_asks_for_one(world, fresh, trained):
    for stage in ("dev", "staging"):
        world.edit(stage, endpoint="arrivals", instances={"min": 2, "max": 2}, rollout=GUARDED)
    model = str(trained["logistic"])
    for command in (
        ("release", "--model", model),
        ("promote", "staging"),
        ("apply", "staging"),
        ("rollback", "staging"),
        ("invoke", "staging"),
    ):
        done = world.slipway(*command, expected=2)
        assert "has several endpoints: delays, arrivals" in done.stderr
        assert "--endpoint" in done.stderr
    done = world.slipway("promote", "staging", "--endpoint", "departures", expected=2)
    assert "has no endpoint 'departures'; it has: delays, arrivals" in done.stderr


def test_a_promotion_of_one_endpoint_leaves_the_other_as_it_is(world, fresh):
    """What somebody changed for the other one, and did not apply yet, stays to be applied."""
    delays = world.endpoint("staging").live.release
    first = fresh(endpoint="arrivals")
    world.slipway("promote", "staging", "--endpoint", "arrivals")
    world.assert_at_rest("staging", first, "arrivals")
    world.assert_clean("staging", serves=delays)

    before = world.endpoint("staging").pins
    made, bound = world.made("staging", before), threshold(world, "delays-staging-errors")
    world.edit("staging", alarms={"errors_percent": bound + 6})
    pending = {("update", "delays-staging-errors")}
    assert changes(world, "staging") == pending

    second = fresh(endpoint="arrivals")
    world.slipway("promote", "staging", "--endpoint", "arrivals")
    world.assert_at_rest("staging", second, "arrivals")
    assert changes(world, "staging") == pending
    assert threshold(world, "delays-staging-errors") == bound
    world.slipway("rollback", "staging", "--endpoint", "arrivals")
    world.assert_at_rest("staging", first, "arrivals")
    assert changes(world, "staging") == pending
    assert world.endpoint("staging").pins == before
    assert world.made("staging", before) == made

    world.up("staging")
    assert threshold(world, "delays-staging-errors") == bound + 6
    world.assert_clean("staging", serves=delays)


def test_a_new_stage_is_an_entry_and_a_file(world, fresh):
    yaml, project = YAML(), world.project / "Pulumi.yaml"
    document = yaml.load(project)
    names = [entry["name"] for entry in document["stages"]]
    document["stages"].insert(names.index("prod"), {"name": "qa", "gates": ["auc", "parity"]})
    yaml.dump(document, project)
    shutil.copy(world.file("prod"), world.project / "Pulumi.qa.yaml")
    release = world.endpoint("staging").live.release

    assert "skip qa" in world.slipway("promote", "staging", "prod", expected=2).stderr
    done = world.slipway("promote", "qa", "--endpoint", "delays")
    assert f"verifying {release} in staging" in done.stderr
    world.assert_clean("qa", serves=release)
    fresh()
    done = world.slipway("promote", "prod")
    assert f"verifying {release} in qa" in done.stderr
    world.assert_clean("prod", serves=release)
    lines = world.slipway("status", "staging", "qa", "prod").result["stages"]
    assert [(line["stage"], line["live"]) for line in lines if line["endpoint"] == "delays"] == [
        (stage, release) for stage in ("staging", "qa", "prod")
    ]
