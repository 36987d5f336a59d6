"""`./slipway prometheus`, in the world of fakes."""

import json

import pytest
from ruamel.yaml import YAML

from release.domain.monitoring import MonitoringSettings
from release.domain.paging import Paging
from tests.monitoring.prometheus.tools import PROMTOOL, ask


def test_the_files_of_a_stage_are_written_and_named(slipway, prod, tmp_path):
    place = tmp_path / "new" / "folder"
    arguments = ("prod", "--to", str(place), "--webhook", "https://example.org/hook", "--every", "10")
    code, out, _ = slipway("prometheus", *arguments, "--json")
    answer = json.loads(out)
    assert (code, answer["stage"], answer["endpoints"]) == (0, "prod", ["delays"])
    names = ("prometheus.yml", "alertmanager.yml", "grafana.json", "rules/delays.yml")
    assert answer["files"] == [str(place / name) for name in names]
    assert YAML().load(place / "prometheus.yml")["global"]["scrape_interval"] == "10s"
    ask(PROMTOOL, "check", "config", "prometheus.yml", folder=place)


def test_the_same_data_writes_the_same_bytes(slipway, tmp_path):
    for name in ("one", "two"):
        assert slipway("prometheus", "prod", "--to", str(tmp_path / name))[0] == 0
    one, two = ({f.name: f.read_bytes() for f in (tmp_path / n).rglob("*.*")} for n in ("one", "two"))
    assert one == two
    assert len(one) == 4


def test_who_gives_no_webhook_is_told_that_nobody_will_hear(slipway, tmp_path):
    code, _, err = slipway("prometheus", "prod", "--to", str(tmp_path))
    assert code == 0
    assert "nobody is told of an alert" in err


def test_whose_stage_tells_nothing_is_told_that_nothing_will_ring(slipway, prod, tmp_path):
    told = ("prometheus", "prod", "--to", str(tmp_path), "--json")
    assert json.loads(slipway(*told)[1])["silent"] == []
    delays = prod.file.endpoints["delays"]
    quiet = MonitoringSettings(paging=Paging(tell="nothing"))
    prod.file.endpoints["delays"] = delays.model_copy(update={"monitoring": quiet})
    code, out, err = slipway(*told)
    assert (code, json.loads(out)["silent"]) == (0, ["delays"])
    assert "nothing of delays rings: its monitoring.paging.tell is `nothing`" in err
    groups = YAML().load(tmp_path / "rules" / "delays.yml")["groups"]
    assert not any("alert" in rule for group in groups for rule in group["rules"])


def test_a_stage_that_serves_nothing_has_nothing_to_watch(slipway, prod, tmp_path):
    endpoints = prod.file.endpoints
    endpoints["delays"] = endpoints["delays"].model_copy(update={"live": None, "previous": None})
    code, _, err = slipway("prometheus", "prod", "--to", str(tmp_path / "none"))
    assert code == 2
    assert "there is nothing to watch" in err
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--targets", "docker"),
        ("--front", "localhost:9113"),
        ("--webhook", "hook"),
        ("--every", "0"),
        ("--every", "x"),
    ],
)
def test_what_prometheus_would_refuse_is_refused_before(slipway, tmp_path, option, value, capsys):
    with pytest.raises(SystemExit) as end:
        slipway("prometheus", "prod", "--to", str(tmp_path / "none"), option, value)
    assert end.value.code == 2
    assert value in capsys.readouterr().err
    assert not (tmp_path / "none").exists()


def test_a_stage_that_is_not_there_is_named_with_those_that_are(slipway, tmp_path):
    code, _, err = slipway("prometheus", "moon", "--to", str(tmp_path))
    assert code == 2
    assert "dev, prod" in err
