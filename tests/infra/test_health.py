"""Which alarms and messages a stage's objectives ask for, as the program declares them."""

import argparse
import importlib
import re

import pytest

from release.domain.health.told import LONGEST_TEXT
from sandbox.aws.cloudwatch.alarms.composite import alarms, parse
from sandbox.aws.cloudwatch.dashboards.rules import problems
from tests.infra.declared import NEW, NEXT, OLD, declare, pin, stage

LIVE = {"live": pin(NEW), "previous": pin(OLD)}
FULL = {**LIVE, "instances": {"min": 2, "max": 8}, "monitoring": {"paging": {"silence_minutes": 30}}}


def declared(endpoint=LIVE, **monitoring):
    settings = {"monitoring": monitoring} if monitoring else {}
    return declare(stage({"delays": {**endpoint, **settings}}, name="prod"))


def silent(endpoint=LIVE, **monitoring):
    """The objectives' alarms by name, without those of guarded updates."""
    found = (alarm.inputs for alarm in declared(endpoint, **monitoring).of("MetricAlarm"))
    return {inputs["name"]: inputs for inputs in found if re.search("-(live|candidate)-", inputs["name"])}


def told(endpoint=LIVE, **monitoring):
    found = (alarm.inputs for alarm in declared(endpoint, **monitoring).of("CompositeAlarm"))
    return {inputs["alarmName"]: inputs for inputs in found}


@pytest.mark.parametrize("endpoint", [LIVE, FULL, {**FULL, "candidate": pin(NEXT, beside=True)}])
def test_every_alarm_is_silent_and_in_one_message(endpoint):
    found, messages = silent(endpoint), told(endpoint)
    assert list(messages) == ["delays-prod-page", "delays-prod-ticket"]
    looked_at = [alarms(parse(message["alarmRule"])) for message in messages.values()]
    assert set.union(*looked_at) == set(found)
    assert set.intersection(*looked_at) == set()
    assert not any(inputs.get("alarmActions") or inputs.get("okActions") for inputs in found.values())
    for message in messages.values():
        assert message["alarmActions"] == message["okActions"] == ["arn:of:Topic:alerts"]


def test_a_ticket_of_what_pages_already_is_kept_back():
    messages = told()
    assert "actionsSuppressor" not in messages["delays-prod-page"]
    assert messages["delays-prod-ticket"]["actionsSuppressor"]["alarm"] == "delays-prod-page"


def test_both_windows_of_a_burn_rate_have_to_be_above_its_bound():
    found = silent()
    long, short = found["delays-prod-live-errors-fast-1h"], found["delays-prod-live-errors-fast-5min"]
    assert long["threshold"] == short["threshold"] == 7.2
    assert [q["metric"]["period"] for q in long["metricQueries"] if "metric" in q] == [3600] * 3
    assert [q["metric"]["period"] for q in short["metricQueries"] if "metric" in q] == [300] * 3
    pair = "(ALARM(delays-prod-live-errors-fast-1h) AND ALARM(delays-prod-live-errors-fast-5min))"
    assert pair in told()["delays-prod-page"]["alarmRule"]


def test_the_bounds_follow_from_the_objectives():
    tight = {"availability_percent": 99.9, "latency_ms": 80, "latency_percent": 95}
    found = silent(objectives=tight)
    assert found["delays-prod-live-errors-fast-1h"]["threshold"] == 1.44
    latency = found["delays-prod-live-latency-fast-1h"]
    assert (latency["comparisonOperator"], latency["threshold"]) == ("LessThanThreshold", 100 - 72)
    readings = found["delays-prod-live-latency-fast-1h"]["metricQueries"]
    assert [q["metric"]["stat"] for q in readings if "metric" in q] == ["Sum", "PR(:80000)"]


def test_a_candidate_beside_live_is_watched_while_it_is_there_and_by_fast_alerts_alone():
    beside = silent({**LIVE, "candidate": pin(NEXT, beside=True)})
    own = {name for name in beside if "-candidate-" in name}
    assert set(beside) - own == set(silent())
    assert {name.removeprefix("delays-prod-candidate-") for name in own} == {
        *("errors-outage-2min", "errors-outage-1min", "errors-fast-1h", "errors-fast-5min"),
        *("latency-fast-1h", "latency-fast-5min"),
    }
    assert all(
        query["metric"]["dimensions"] == {"EndpointName": "delays-prod", "VariantName": "candidate"}
        for name in own
        for query in beside[name]["metricQueries"]
        if "metric" in query
    )
    assert set(silent({**LIVE, "candidate": pin(NEXT)})) == set(silent()), "it is never a variant"


def test_a_candidate_in_lives_shadow_pages_nobody_as_nobody_gets_its_answers():
    beside = {**LIVE, "candidate": pin(NEXT, beside=True)}
    assert silent({**beside, "rollout": {"strategy": "shadow"}}).keys() == silent().keys()
    assert told({**beside, "rollout": {"strategy": "shadow"}}) == told()
    assert silent({**beside, "rollout": {"strategy": "judged"}}).keys() > silent().keys()


def test_the_processors_of_an_instance_add_up():
    types = {"ml.m7i.large": 180, "ml.c7i.xlarge": 360, "ml.m5.4xlarge": 1440, "ml.t3.medium": 180}
    for name, bound in types.items():
        found = silent({"live": pin(NEW, type=name), "instances": {"type": name}})
        assert found["delays-prod-live-cpu"]["threshold"] == bound


def test_a_fleet_is_short_below_its_least_and_full_at_its_most():
    found = silent(FULL)
    assert found["delays-prod-live-instances-short"]["threshold"] == 1.5
    assert found["delays-prod-live-instances-short"]["comparisonOperator"] == "LessThanThreshold"
    full = found["delays-prod-live-capacity-full"]
    assert full["threshold"] == 3000
    assert full["metricQueries"][0]["expression"] == "IF(requests / shares >= 7.5, shares, 0)"
    fixed = silent({**LIVE, "instances": {"min": 2, "max": 2}})
    assert "delays-prod-live-capacity-full" not in fixed, "nothing could be added"
    assert "delays-prod-live-instances-short" not in silent(), "one that is gone answers nobody"


def test_silence_pages_only_where_callers_are_expected():
    found = silent(FULL)["delays-prod-live-silence"]
    assert (found["treatMissingData"], found["metricQueries"][1]["metric"]["period"]) == ("breaching", 1800)
    others = [inputs for name, inputs in silent(FULL).items() if not name.endswith("silence")]
    assert {inputs["treatMissingData"] for inputs in others} == {"notBreaching"}
    assert "delays-prod-live-silence" not in silent()


def test_a_stage_says_what_is_told():
    pages = told(paging={"tell": "pages"})
    assert list(pages) == ["delays-prod-page"]
    assert set(silent(paging={"tell": "pages"})) == alarms(parse(pages["delays-prod-page"]["alarmRule"]))
    assert silent(paging={"tell": "nothing"}) == told(paging={"tell": "nothing"}) == {}


def test_before_a_release_is_live_nobody_is_told_anything():
    assert silent({}) == told({"candidate": pin(NEXT)}) == {}


@pytest.mark.parametrize("endpoint", [LIVE, {**FULL, "candidate": pin(NEXT, beside=True)}])
def test_cloudwatch_takes_them(endpoint):
    for inputs in silent(endpoint).values():
        assert len(inputs["alarmDescription"]) <= LONGEST_TEXT
        (period,) = {query["metric"]["period"] for query in inputs["metricQueries"] if "metric" in query}
        assert period * inputs["evaluationPeriods"] <= (86_400 if period < 3600 else 604_800)
    for message in told(endpoint).values():
        assert len(message["alarmDescription"]) <= LONGEST_TEXT
        assert len(alarms(parse(message["alarmRule"]))) <= 100


def taken(line):
    """What a command makes of the rest of a line; it ends the test where it does not take it."""
    _, verb, *given = line.split()
    parser = argparse.ArgumentParser(prog=line, exit_on_error=False)
    importlib.import_module(f"scripts.{verb}").COMMAND.arguments(parser)
    return parser.parse_args(given)


def test_what_is_told_says_the_next_command_and_the_command_exists():
    for message in told(FULL).values():
        said = message["alarmDescription"]
        lines = re.findall(r"\./slipway [a-z]+ prod(?: --endpoint delays)?", said)
        assert len(lines) == said.count("./slipway") >= 3
        for line in lines:
            assert "prod" in (vars(taken(line)).get("stage"), *(vars(taken(line)).get("stages") or ()))


def dashboard(endpoint=LIVE):
    return declared(endpoint).one("Dashboard").document("dashboardBody")


def test_where_nothing_is_watched_there_is_no_dashboard():
    assert declared(paging={"tell": "nothing"}).of("Dashboard") == []
    assert declared({}).of("Dashboard") == []


@pytest.mark.parametrize("endpoint", [LIVE, {**FULL, "candidate": pin(NEXT, beside=True)}])
def test_the_dashboard_is_one_that_cloudwatch_takes(endpoint):
    assert problems(dashboard(endpoint)) == []


def test_the_dashboard_shows_live_beside_candidate_against_the_objectives():
    graphs = {one["properties"]["title"]: one["properties"] for one in dashboard(FULL)["widgets"][2:]}
    for title, graph in graphs.items():
        seen = [line[5] for line in graph["metrics"] if line[:1] == ["AWS/SageMaker"]]
        assert "containers count" in title or "how full" in title or {*seen} == {"live", "candidate"}

    def marks(title):
        return {mark["value"] for mark in graphs[title]["annotations"]["horizontal"]}

    assert marks("Time that the model takes") == {300_000}
    assert marks("Burn rate of the error budgets over 1 h") == {172.8, 14.4, 6, 1}
    assert marks("Instances: how many") == {2, 8}


def test_the_dashboard_does_not_change_when_a_candidate_comes_and_goes():
    assert dashboard(LIVE) == dashboard({**LIVE, "candidate": pin(NEXT, beside=True)})
    (states,) = [one for one in dashboard(LIVE)["widgets"] if one["type"] == "alarm"]
    names = [arn.rpartition(":")[2] for arn in states["properties"]["alarms"]]
    assert names == list(told(LIVE))
