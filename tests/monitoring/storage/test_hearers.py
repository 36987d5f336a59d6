"""Who hears of findings: a bus that answers for each event, and a file of whole lines."""

import json
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any, cast

import pytest

from monitoring.alerts import events
from monitoring.storage.hearers import EventBus, EventFile
from release.domain.alerting import AlertSettings
from release.domain.errors import ServiceError
from tests.fakes.findings import Shelf, finding
from tests.fakes.world import FakeStage

STAGE = FakeStage("prod", {}).ports().settings
EACH = 20


def event(**values):
    shelf = Shelf()
    shelf.findings.note([finding(1, **values)])
    (kept,) = shelf.findings.all()
    return events.event(STAGE, kept, kept.notices[0])


class Bus:
    def __init__(self, **answer):
        self.answer = {"FailedEntryCount": 0, "Entries": [{"EventId": "1"}]} | answer
        self.entries: list[dict[str, Any]] = []

    def put_events(self, Entries):  # noqa: N803
        self.entries += Entries
        return self.answer


def hear(bus):
    EventBus(cast(Any, SimpleNamespace(client=lambda service: bus))).hear(event())


def test_an_event_is_one_entry_of_slipways_own_source():
    bus = Bus()
    hear(bus)
    (entry,) = bus.entries
    assert (entry["Source"], entry["DetailType"]) == ("slipway.monitoring", "Slipway Finding Opened")
    assert json.loads(entry["Detail"])["finding"] == finding().id


def test_an_entry_that_eventbridge_does_not_take_is_no_success():
    failed = {
        "FailedEntryCount": 1,
        "Entries": [{"ErrorCode": "ThrottlingException", "ErrorMessage": "slow"}],
    }
    with pytest.raises(ServiceError, match="ThrottlingException, slow"):
        hear(Bus(**failed))


def test_a_file_gets_a_whole_line_an_event_in_a_folder_that_was_not_there(tmp_path):
    path = tmp_path / "told" / "findings.jsonl"
    for _ in range(2):
        EventFile(path).hear(event(summary="a\nline"))
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [line["source"] for line in lines] == ["slipway.monitoring"] * 2
    assert path.stat().st_mode & 0o077 == 0, "evidence is nobody else's"


def test_lines_of_two_writers_do_not_mix(tmp_path):
    path = tmp_path / "findings.jsonl"
    told = [event(evidence={"mark": mark * 9000}) for mark in "ab" * EACH]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda one: EventFile(path).hear(one), told))
    found = [json.loads(line)["detail"]["evidence"]["mark"] for line in path.read_text().splitlines()]
    assert sorted(found) == ["a" * 9000] * EACH + ["b" * 9000] * EACH


def test_a_file_that_cannot_be_written_is_an_error_with_the_way_on(tmp_path):
    (tmp_path / "taken").write_text("")
    with pytest.raises(ServiceError) as no:
        EventFile(tmp_path / "taken" / "findings.jsonl").hear(event())
    assert "monitoring.alerts.file" in no.value.next_step


@pytest.mark.parametrize("path", ["/etc/passwd", "../up", "a/../../b", "", "a//b"])
def test_a_file_is_in_the_projects_folder(path):
    with pytest.raises(ValueError, match="file"):
        AlertSettings(file=path)
