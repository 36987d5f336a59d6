"""`./slipway quality` over fakes: what it says, and what it ends with."""

import json
import socket
from collections.abc import Iterator, Sequence
from typing import Any

import boto3
import pytest
from botocore.config import Config

from monitoring.operations.truth import Sources
from monitoring.storage.answered import AnsweredTables
from monitoring.storage.quality_book import QualityBook
from monitoring.storage.truth import TruthFolder
from scripts import monitor, quality
from scripts.shared import cli
from tests.fakes.findings import Stage
from tests.monitoring.captured import HOUR, Scene
from tests.monitoring.quality.stream import DAY, answered, day_of, read_until
from tests.release.scenes import ENDPOINT

TRUTH = "s3://kept/truth"


@pytest.fixture
def scene(monkeypatch: pytest.MonkeyPatch) -> Scene:
    """A stage whose file says where truth lies."""
    found = Scene()
    settings = found.stage.file.endpoints[ENDPOINT]
    told = settings.monitoring.quality.model_copy(update={"truth": TRUTH, "least_rows": 1})
    watched = settings.monitoring.model_copy(update={"quality": told})
    found.stage.file.endpoints[ENDPOINT] = settings.model_copy(update={"monitoring": watched})
    stage = Stage(found.stage)
    found.shelf = stage.shelf
    monkeypatch.setattr("monitoring.connect.room", lambda tell, name: stage.room)
    monkeypatch.setattr("monitoring.connect.truth", lambda ports, endpoint: sources(found, found.s3))
    return found


def sources(scene: Scene, truth: Any) -> Sources:
    """Rows and book in the scene's bucket, truth by a client of its own."""
    bucket = scene.stage.artifacts.bucket
    return Sources(
        AnsweredTables(scene.s3, bucket, ENDPOINT),
        TruthFolder(truth, TRUTH),
        QualityBook(scene.s3, bucket, ENDPOINT),
    )


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Any:
    """Runs the command: its exit code, stdout and stderr."""

    def one(*argv: str) -> tuple[int, str, str]:
        return cli.execute(quality.COMMAND, ["prod", *argv]), *capsys.readouterr()

    return one


DAYS = 12


@pytest.fixture
def days(scene: Scene) -> Any:
    """Puts so many days there, with a base rate of .3, up to two days before now."""

    def put(score: float, count: int = DAYS) -> None:
        begin = HOUR.replace(hour=10)
        for day in range(count):
            day_of(scene.s3, begin + day * DAY, 0.3, score, release=scene.pin.release)
        scene.at(begin + (count + 2) * DAY)
        read_until(scene.s3, begin + (count + 2) * DAY)

    return put


def told(run: Any) -> tuple[int, str, dict[str, Any]]:
    """Exit code, words and values of a look."""
    code, out, _ = run()
    again, values, _ = run("--json")
    assert code == again
    return code, " ".join(out.split()), json.loads(values)


def test_a_release_whose_days_are_judged_and_right_is_well(run: Any, days: Any) -> None:
    days(0.3)
    code, words, values = told(run)
    assert (code, values["known"], values["why"]) == (0, "nothing alarms", [])
    assert f"✓ nothing alarms in {DAYS} judged days, up to 2026-01-12" in words


def test_an_alarm_needs_a_person(run: Any, days: Any) -> None:
    days(0.6)
    code, words, values = told(run)
    assert (code, values["known"]) == (3, "alarm")
    assert "! quality calibration: The mean score lies" in words
    assert "✓" not in words


def test_an_alarm_that_a_person_closed_needs_nobody_but_days_without_labels_do(
    run: Any, days: Any, scene: Scene
) -> None:
    days(0.6)
    told(run)
    [kept] = scene.shelf.findings.open()
    scene.shelf.findings.close(kept.id, "the new gate tolerates it")
    code, words, values = told(run)
    assert (code, values["known"]) == (0, "alarm")
    assert f"A person closed {kept.id}" in words
    later = HOUR.replace(hour=10) + DAYS * DAY
    for day in range(4):
        answered(scene.s3, later + day * DAY, [0.6] * 300, release=scene.pin.release)
    scene.at(later + 6 * DAY)
    read_until(scene.s3, later + 6 * DAY)
    code, words, values = told(run)
    assert (code, values["known"]) == (3, "alarm")
    assert "not judged: The newest 4 settled days have too few labels" in words


def test_before_a_day_is_settled_nothing_is_known_and_nobody_is_called(run: Any, scene: Scene) -> None:
    code, words, values = told(run)
    assert (code, values["known"]) == (0, "too early")
    assert "not known: No hour of captured records is read yet" in words
    day_of(scene.s3, HOUR, 0.3, 0.3, release=scene.pin.release)
    read_until(scene.s3, HOUR + DAY)
    scene.at(HOUR + DAY)
    code, words, values = told(run)
    assert (code, values["known"]) == (0, "too early")
    assert "not known: No day of this release is over and settled yet" in words
    assert "✓" not in words


NONE = "of the newest, 2026-01-12, 0 of 300 rows had a label"


@pytest.mark.parametrize(
    ("truth", "why"),
    [
        (b"", ("No truth file was read",)),
        (b"{half\n", ("All 1 lines of its truth files say nothing", NONE)),
        (b'{"inference_id": "nobody", "outcome": 1, "observed_at": "2026-01-02T00:00:00Z"}\n', (NONE,)),
    ],
)
def test_settled_days_without_labels_are_no_sign_that_all_is_well(
    run: Any, scene: Scene, days: Any, truth: bytes, why: Sequence[str]
) -> None:
    days(0.3)
    for key in [key for key in scene.s3.objects if key.startswith("truth/")]:
        del scene.s3.objects[key]
    if truth:
        scene.s3.write("truth/a.jsonl", truth)
        scene.s3.modified["truth/a.jsonl"] = HOUR + DAY
    code, words, values = told(run)
    assert (code, values["known"], values["quality"]["findings"]) == (3, "not judged", [])
    assert words.count("not judged: ") == len(why) > 0
    assert all(one in words for one in why)
    assert "✓" not in words


def test_labels_that_stop_are_no_sign_that_all_is_well(run: Any, scene: Scene, days: Any) -> None:
    days(0.3)
    newest = sorted(key for key in scene.s3.objects if key.startswith("truth/"))
    for key in newest[-2:]:
        del scene.s3.objects[key]
    assert told(run)[0] == 0, "two days may be days off"
    days(0.3, DAYS + 1)
    del scene.s3.objects[f"truth/2026-01-{DAYS + 1}.jsonl"]
    for key in newest[-2:]:
        del scene.s3.objects[key]
    code, words, values = told(run)
    assert (code, values["known"], len(values["quality"]["judged"])) == (3, "not judged", DAYS - 2)
    assert "not judged: The newest 3 settled days have too few labels" in words


def test_hours_that_nobody_reads_are_no_sign_that_all_is_well(run: Any, scene: Scene, days: Any) -> None:
    days(0.3)
    read_until(scene.s3, HOUR + 5 * DAY)
    code, words, values = told(run)
    assert (code, values["known"]) == (3, "not judged")
    assert "not judged: No hour from 2026-01-06T12 on is read: ./slipway monitor reads them" in words


def test_what_monitor_says_of_quality_ends_it_alike(
    scene: Scene, days: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitoring.connect.captured", lambda ports, endpoint: scene.records)
    days(0.3)
    for key in [key for key in scene.s3.objects if key.startswith("truth/")]:
        del scene.s3.objects[key]
    assert cli.execute(monitor.COMMAND, ["prod", "--json"]) == 3
    assert json.loads(capsys.readouterr().out)["quality"]["known"] == "not judged"


@pytest.fixture
def nobody() -> Iterator[Any]:
    """A real client of an S3 that is not there: its port is taken, and nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield boto3.client(
            "s3",
            endpoint_url=f"http://127.0.0.1:{taken.getsockname()[1]}",
            region_name="eu-central-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(retries={"total_max_attempts": 1}),
        )


def test_s3_that_cannot_be_reached_is_said_in_words(
    scene: Scene, run: Any, nobody: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitoring.connect.truth", lambda ports, endpoint: sources(scene, nobody))
    code, out, err = run()
    assert (code, out) == (4, "")
    assert "error: AWS does not answer: Could not connect to the endpoint URL" in err
    assert "Check the network" in err
    assert "Traceback" not in err
    code, out, _ = run("--json")
    assert (code, json.loads(out)["error"].startswith("AWS does not answer")) == (4, True)
